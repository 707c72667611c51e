import openai

openai.api_base = "https://api.fireworks.ai/inference/v1"
openai.api_key = ""
response_generator = openai.ChatCompletion.create(
    model="accounts/fireworks/models/llama-v3p1-405b-instruct",
    messages=[
        {
            "role": "user",
            "content": "Say this is a test",
        }
    ],
    stream=True,
)
for chunk in response_generator:
    if "content" in chunk.choices[0].delta:
        print(chunk.choices[0].delta.content, end="")
