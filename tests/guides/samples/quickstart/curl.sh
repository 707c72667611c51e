curl \
--header 'Authorization: Bearer '$FIREWORKS_API_KEY \
--header 'Content-Type: application/json' \
--data '{
"model": "accounts/fireworks/models/llama-v3p3-70b-instruct",
"messages": [{
"role": "user",
"content": "Say this is a test"
}]
}' \
--url https://api.fireworks.ai/inference/v1/chat/completions
