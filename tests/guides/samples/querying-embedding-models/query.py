import openai

client = openai.OpenAI(
    base_url="https://api.fireworks.ai/inference/v1",
    api_key="",
)
query = "I love superhero movies, any recommendations?"
task_description = "Given a user query for movies, retrieve the relevant movie that can fulfill the query. "
query_emb = client.embeddings.create(
    model="nomic-ai/nomic-embed-text-v1.5", input=f"search_query: {query}"
)
print(query_emb)
