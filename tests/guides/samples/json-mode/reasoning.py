import json
import re
from pydantic import BaseModel
from openai import OpenAI
import os

# Initialize the Fireworks client
client = OpenAI(
    base_url="https://api.fireworks.ai/inference/v1",
    api_key=os.getenv("FIREWORKS_API_KEY"),
)


# Define the output schema using Pydantic
class QAResult(BaseModel):
    question: str
    answer: str


# Prepare the user input
user_input = "Who wrote 'Pride and Prejudice'?"
# Construct the messages payload
messages = [{"role": "user", "content": user_input}]
# Make the API call to the model
response = client.chat.completions.create(
    model="accounts/fireworks/models/deepseek-r1",
    messages=messages,
    response_format={"type": "json_object", "schema": QAResult.model_json_schema()},
    max_tokens=1000,
)
# Extract the content of the response
response_content = response.choices[0].message.content
print("show response content", response_content)
# Extract the reasoning part enclosed in ... tags
reasoning_match = re.search(r"<think>(.*?)</think>", response_content, re.DOTALL)
reasoning = (
    reasoning_match.group(1).strip() if reasoning_match else "No reasoning provided."
)
# Extract the JSON part that follows after the reasoning
json_match = re.search(r"</think>\s*(\{.*\})", response_content, re.DOTALL)
json_str = json_match.group(1).strip() if json_match else "{}"
# Parse the JSON string directly into a Pydantic model
qa_result = QAResult.parse_raw(json_str)
# Output the reasoning and the parsed JSON data
print("Reasoning:")
print(reasoning)
print("\nQAResult (JSON Data):")
print(qa_result.json(indent=4))
