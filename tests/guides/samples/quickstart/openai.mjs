import OpenAI from 'openai';

const openai = new OpenAI({
  baseURL: 'https://api.fireworks.ai/inference/v1',
  apiKey: process.env['FIREWORKS_API_KEY'],
});
const completion = await openai.chat.completions.create({
  messages: [{ role: 'user', content: 'Say this is a test' }],
  model: 'accounts/fireworks/models/llama-v3p3-70b-instruct',
});
console.log(completion.choices[0].message.content);
