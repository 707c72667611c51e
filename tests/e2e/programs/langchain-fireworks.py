import json
import os

from langchain_core.tools import tool
from langchain_fireworks import ChatFireworks
from pydantic import BaseModel

name = "accounts/fireworks/models/tiny"


def connect(**fields):
    base = {"model": name, "base_url": os.environ["FIREWORKS_API_BASE"].removesuffix("/v1"), "max_retries": 0}
    return ChatFireworks(**{**base, **fields})


told = {}
model = connect()
whole = model.invoke("Say this is a test")
told["chat"], told["usage"] = whole.content, whole.usage_metadata["output_tokens"]
told["streamed"] = "".join(part.content for part in model.stream("Say this is a test"))
stream = model.stream("What is 2 + 2?")
seen = 0
for part in stream:
    if part.content:
        seen += 1
        break
stream.close()
told["aborted"] = seen


@tool
def get_city_population(city_name: str) -> int:
    """Retrieve the population of a city."""
    return 883305


called = model.bind_tools([get_city_population]).invoke("What is the population of San Francisco?").tool_calls[0]
told["tool"] = {"name": called["name"], "args": called["args"]}


class Answer(BaseModel):
    question: str
    answer: str


structured = model.with_structured_output(Answer, method="json_schema").invoke("Jane? As JSON, please.")
told["structured"] = structured.model_dump()

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
