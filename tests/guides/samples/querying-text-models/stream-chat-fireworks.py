from fireworks.client import Fireworks

client = Fireworks(api_key="")
response_generator = client.chat.completions.create(
    model="accounts/fireworks/models/llama-v3p1-8b-instruct",
    messages=[
        {
            "role": "user",
            "content": "Say this is a test",
        }
    ],
    stream=True,
)
for chunk in response_generator:
    if chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="")
