from fireworks.client import Fireworks

code = """{
"questions": [
{
"question": "Name",
"type": "text"
},
{
"question": "Age",
"type": "number"
},
{
"question": "Feedback",
"type": "text_area"
},
{
"question": "How to Contact",
"type": "multiple_choice",
"options": ["Email", "Phone"],
"optional": true
}
]
}
"""
client = Fireworks(api_key="")
response = client.chat.completions.create(
    model="accounts/fireworks/models/llama-v3p1-70b-instruct",
    messages=[
        {
            "role": "user",
            "content": "Edit the How to Contact question to add an option called Text Message. Output the full edited code, with no markdown or explanations.",
        },
        {"role": "user", "content": code},
    ],
    temperature=0,
    prediction={"type": "content", "content": code},
)
print(response.choices[0].message.content)
