import openai

client = openai.OpenAI(
    base_url="https://api.fireworks.ai/inference/v1",
    api_key="",
)
response = client.embeddings.create(
    model="nomic-ai/nomic-embed-text-v1.5",
    input="search_document: I like Christmas movies, can you make any recommendations?",
    dimensions=128,
)
print(len(response.data[0].embedding))
