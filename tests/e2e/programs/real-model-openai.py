import json
import os

import openai

client = openai.OpenAI(base_url=os.environ["OPENAI_API_BASE"], max_retries=0)
model = "accounts/fireworks/models/smollm2-135m-instruct"
messages = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is the capital of France?"},
]
fixed = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 300}
schema = {
    "type": "object",
    "properties": {"warm": {"type": "boolean"}},
    "required": ["warm"],
    "additionalProperties": False,
}
tool = {"type": "function", "function": {"name": "answer", "parameters": schema}}

told = {}
whole = client.chat.completions.create(**fixed)
told["chat"] = whole.choices[0].message.content
chunks = list(client.chat.completions.create(**fixed, stream=True))
told["streamed"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
told["same usage"] = chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
called = client.chat.completions.create(**fixed, tools=[tool], tool_choice="required").choices[0]
function = called.message.tool_calls[0].function
told["tool"] = [called.finish_reason, function.name, json.loads(function.arguments)]
name, arguments = "", ""
for chunk in client.chat.completions.create(**fixed, tools=[tool], tool_choice="required", stream=True):
    for part in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
        name += part.function.name or ""
        arguments += part.function.arguments or ""
told["streamed tool"] = [name, json.loads(arguments)]
wanted = {"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": schema}}
structured = client.chat.completions.create(**fixed, response_format=wanted)
told["structured"] = json.loads(structured.choices[0].message.content)
vectors = client.embeddings.create(model=model, input=["one", "two"]).data
told["embeddings"] = [len(entry.embedding) for entry in vectors]
endless = {**fixed, "max_tokens": 3000, "extra_body": {"ignore_eos": True}}
with client.chat.completions.create(**endless, stream=True) as broken:
    next(iter(broken))
for what, call in {
    "wrong key": lambda: client.with_options(api_key="fw_wrong").chat.completions.create(**fixed),
    "wrong model": lambda: client.chat.completions.create(**{**fixed, "model": "nothing"}),
    "wrong field": lambda: client.chat.completions.create(**fixed, extra_body={"temprature": 1}),
}.items():
    try:
        call()
        told[what] = "no error"
    except openai.APIStatusError as error:
        told[what] = [type(error).__name__, error.status_code]
print(json.dumps(told))
