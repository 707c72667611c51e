import asyncio
import openai

client = openai.AsyncOpenAI(
    base_url="https://api.fireworks.ai/inference/v1",
    api_key="",
)


async def main():
    stream = await client.completions.create(
        model="accounts/fireworks/models/llama-v3-8b-instruct",
        prompt="Say this is a test",
        stream=True,
    )
    async for chunk in stream:
        print(chunk.choices[0].text, end="")


asyncio.run(main())
