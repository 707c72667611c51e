import asyncio
from fireworks.client import AsyncFireworks

client = AsyncFireworks(api_key="")


async def main():
    stream = client.completion.acreate(
        model="accounts/fireworks/models/llama-v3p1-8b-instruct",
        prompt="Say this is a test",
        stream=True,
    )
    async for chunk in stream:
        print(chunk.choices[0].text, end="")


asyncio.run(main())
