from fireworks.client import Fireworks

client = Fireworks(api_key="")
response = client.completion.create(
    model="accounts/fireworks/models/llama-v3-8b-instruct",
    prompt="Say this is a test",
)
print(response.choices[0].text)
