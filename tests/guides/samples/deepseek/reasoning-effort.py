from fireworks.client import Fireworks

client = Fireworks(api_key="")
response = client.chat.completions.create(
    model="fireworks/deepseek-r1",
    messages=[
        {
            "role": "user",
            "content": "Solve this math problem: What is 2 + 2?",
        }
    ],
    reasoning_effort="low",  # or an integer like 5000
)
print(response.choices[0].message.content)
