/**
 * The Unicode form a tokenizer was trained on and llama.cpp does not bring texts into: Qwen's tokenizers
 * compose (é is one character), BERT's that strip accents decompose (which takes Hangul apart too,
 * llama.cpp's own table does not). Null: texts are taken as they are. Reads GGUF metadata as llama.cpp
 * reports it.
 */
export function resolveNormalForm(metadata: Readonly<Record<string, string>>): 'NFC' | 'NFD' | null {
  const key = (name: string): string | undefined => metadata[`tokenizer.ggml.${name}`];
  if (key('model') === 'gpt2' && ['qwen2', 'qwen35', 'deepseek-r1-qwen'].includes(key('pre') ?? ''))
    return 'NFC';
  if (key('model') === 'bert') {
    const strips = key('normalizer.strip_accents') ?? key('normalizer.lowercase') ?? 'true';
    return strips === 'true' ? 'NFD' : null;
  }
  return null;
}
