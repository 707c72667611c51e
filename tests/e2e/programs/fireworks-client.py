import asyncio
import json

import fireworks.client.error as errors
from fireworks.client import AsyncFireworks, Fireworks

client = Fireworks()
model = "accounts/fireworks/models/tiny"


def say(text):
    return [{"role": "user", "content": text}]


told = {}
whole = client.chat.completions.create(model=model, messages=say("Say this is a test"))
told["chat"], told["finish"] = whole.choices[0].message.content, whole.choices[0].finish_reason
chunks = list(client.chat.completions.create(model=model, messages=say("Say this is a test"), stream=True))
told["streamed"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
told["usage"] = chunks[-1].usage.completion_tokens
told["completion"] = client.completion.create(model=model, prompt="Say this is a test").choices[0].text


async def ask():
    stream = AsyncFireworks().chat.completions.acreate(model=model, messages=say("Say this is a test"), stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


told["async"] = asyncio.run(ask())

parameters = {"type": "object", "properties": {"city_name": {"type": "string"}}, "required": ["city_name"]}
tools = [{"type": "function", "function": {"name": "get_city_population", "parameters": parameters}}]
question = say("What is the population of San Francisco?")
called = client.chat.completions.create(model=model, messages=question, tools=tools)
function = called.choices[0].message.tool_calls[0].function
told["tool"] = {"name": function.name, "arguments": function.arguments}
name, arguments = "", ""
for chunk in client.chat.completions.create(model=model, messages=question, tools=tools, stream=True):
    for part in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
        name += part.function.name or ""
        arguments += part.function.arguments or ""
told["streamed_tool"] = {"name": name, "arguments": arguments}

answer = {"type": "object", "properties": {key: {"type": "string"} for key in ("question", "answer")}}
structured = client.chat.completions.create(
    model=model,
    messages=say("Jane? As JSON, please."),
    response_format={"type": "json_object", "schema": {**answer, "required": ["question", "answer"]}},
)
told["structured"] = json.loads(structured.choices[0].message.content)

stream = client.chat.completions.create(model=model, messages=say("What is 2 + 2?"), stream=True)
seen = 0
for chunk in stream:
    if chunk.choices[0].delta.content:
        seen += 1
        break
stream.close()
told["aborted"] = seen

for what, call in {
    "wrong key": lambda: Fireworks(api_key="fw_wrong").chat.completions.create(model=model, messages=question),
    "wrong model": lambda: client.chat.completions.create(model="nothing", messages=question),
    "wrong field": lambda: client.chat.completions.create(model=model, messages=question, temprature=1),
}.items():
    try:
        call()
        told[what] = "no error"
    except errors.FireworksError as error:
        told[what] = type(error).__name__
print(json.dumps(told))
