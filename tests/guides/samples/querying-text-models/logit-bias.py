client.completions.create(
    model="...",
    prompt="...",
    logit_bias={0: 10.0, 2: -50.0}
)
