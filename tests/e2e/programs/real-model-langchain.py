import json
import os

from langchain_core.tools import tool
from langchain_fireworks import ChatFireworks, FireworksEmbeddings
from openai import OpenAI
from pydantic import BaseModel, ConfigDict

name = "accounts/fireworks/models/smollm2-135m-instruct"
messages = [("system", "You are a helpful assistant."), ("human", "What is the capital of France?")]


def connect(**fields):
    base = {"model": name, "base_url": os.environ["FIREWORKS_API_BASE"].removesuffix("/v1"), "max_retries": 0}
    return ChatFireworks(**{**base, "temperature": 0, "max_tokens": 300, **fields})


told = {}
model = connect()
whole = model.invoke(messages)
told["chat"] = whole.content
parts = list(model.stream(messages))
told["streamed"] = "".join(part.content for part in parts)
usages = [part.usage_metadata["output_tokens"] for part in parts if part.usage_metadata]
told["same usage"] = sum(usages) == whole.usage_metadata["output_tokens"]


@tool
def answer(warm: bool) -> str:
    """Report the weather."""
    return "told"


bound = model.bind_tools([answer], tool_choice="answer")
called = bound.invoke(messages)
told["tool"] = ["tool_calls", called.tool_calls[0]["name"], called.tool_calls[0]["args"]]
whole_call = None
for part in bound.stream(messages):
    whole_call = part if whole_call is None else whole_call + part
told["streamed tool"] = [whole_call.tool_calls[0]["name"], whole_call.tool_calls[0]["args"]]


class Weather(BaseModel):
    model_config = ConfigDict(extra="forbid")
    warm: bool


told["structured"] = model.with_structured_output(Weather, method="json_schema").invoke(messages).model_dump()

embeddings = FireworksEmbeddings(model=name)
# It has no option for the address.
embeddings.client = OpenAI(base_url=os.environ["FIREWORKS_API_BASE"], max_retries=0)
told["embeddings"] = [len(vector) for vector in embeddings.embed_documents(["one", "two"])]

stream = connect(max_tokens=3000, model_kwargs={"extra_body": {"ignore_eos": True}}).stream(messages)
next(iter(stream))
stream.close()

for what, call in {
    "wrong key": lambda: connect(api_key="fw_wrong").invoke("hi"),
    "wrong model": lambda: connect(model="nothing").invoke("hi"),
    "wrong field": lambda: connect(model_kwargs={"extra_body": {"temprature": 1}}).invoke("hi"),
}.items():
    try:
        call()
        told[what] = "no error"
    except Exception as error:
        told[what] = next(c.__name__ for c in type(error).__mro__ if not c.__name__.startswith("Fireworks"))
print(json.dumps(told))
