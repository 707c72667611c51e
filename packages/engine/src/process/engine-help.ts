export const engineHelp = `One model-serving process: OpenAI-compatible HTTP in front of one model.

Usage
  node packages/engine/src/main.ts --model <file.gguf> --name <model name> (--socket <path> | --port <number>) [flags]

Examples
  node packages/engine/src/main.ts --model smollm2.gguf --name smollm2 --port 8080
  node packages/engine/src/main.ts --model llama.gguf --name llama --socket /run/engine.sock \\
    --cells 65536 --sequences 64 --backend cuda --adapter french=/adapters/french.gguf
  node packages/engine/src/main.ts --runner scripted --name test --port 0

Model
  --runner <llama-cpp|scripted>   What computes (llama-cpp). 'scripted' needs no weights, for tests.
  --model <path>                  GGUF file.
  --script <path>                 Module that exports 'script' (and 'stepMs'), for the scripted runner.
  --name <name>                   What requests call the model.
  --adapter <id=path>             Load an adapter at start; may be repeated.
  --backend <auto|cpu|cuda|vulkan|metal>  (auto)
  --gpu-layers <n>                Layers on the accelerator, -1 for all (-1).
  --threads <n>                   Compute threads (1). More than there are free cores is ruinous.
  --no-repack                     Leave weights mapped from the file, shared by all processes that serve it; without this,
                                  processors get a copy laid out for batches (Q4_0, Q4_1, Q4_K, IQ4_NL).
  --pooling <mean|cls|last|rank>  How embeddings are pooled (as the model says).
  --embedding-tokens <n>          Longest input to embed (2048, or less if the model takes less).

Capacity
  --cells <n>                     KV cells shared by all sequences.
  --sequences <n>                 Sequences that can run or be cached at once.
  --batch-tokens <n>              Tokens per forward call.
  --cache-type <type>             Element type of the KV cache: f32, f16 (default), bf16, q8_0, q5_1, q5_0, q4_1, q4_0.
  --flash-attention <auto|on|off> Attention in 16 bits, or in 32 (off): exact with an f32 cache, slower on long contexts.
  --host-cache-mb <n>             Host memory for cold prefixes (1024).
  --queue-max <n>                 Requests that may wait (1024).
  --no-prefix-cache               Keep no prefixes between requests.
  --no-speculation                Never draft tokens.
  --draft-model <path>            GGUF file of a smaller model with the same tokens, to guess ahead.
  --draft-tokens <n>              Draft tokens per sequence and step, at most (63).
  --ngram-tokens <n>              Tokens that must repeat before what followed them is drafted (3).

Text
  --chat-template <path>          Jinja file that replaces the model's chat template.
  --tool-format <family>          hermes, llama3, mistral, mistral-v11, deepseek, deepseek-v3.1, firefunction,
                                  qwen-xml, glm or generic-json (as the template says).

Process
  --socket <path>                 Listen on a Unix socket.
  --host <host> --port <n>        Listen on TCP (127.0.0.1); port 0 takes any free port.
  --step-timeout-ms <n>           A forward call that takes longer is a hang: exit code 75 (120000).
  --keep-alive-ms <n>             A comment after so long without an event in a stream (10000).
  --grace-ms <n>                  Time to finish running requests after SIGTERM (30000).
  --body-mb <n>                   Largest request body (64).
  --crash-report <path>           Where to note what is in flight, for after a crash.

Standard output has one JSON object a line: {"event":"loading"|"ready"|"draining"|"fatal"|"crash-report", …}.
Exit codes: 0 stopped, 1 failed while serving, 64 wrong flags, 70 could not start, 75 a forward call hung.
`;
