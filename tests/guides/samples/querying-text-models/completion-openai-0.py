import openai

openai.api_base = "https://api.fireworks.ai/inference/v1"
openai.api_key = ""
response = openai.Completion.create(
    model="accounts/fireworks/models/llama-v3-8b-instruct",
    prompt="Say this is a test",
)
print(response.choices[0].text)
