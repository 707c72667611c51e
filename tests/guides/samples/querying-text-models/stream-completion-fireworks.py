from fireworks.client import Fireworks

client = Fireworks(api_key="")
response_generator = client.completion.create(
    model="accounts/fireworks/models/llama-v3p1-405b-instruct",
    prompt="Say this is a test",
    stream=True,
)
for chunk in response_generator:
    print(chunk.choices[0].text)
