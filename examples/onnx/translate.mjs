// Translates lines of standard input greedily with onnxruntime: what `xformer export onnx` wrote, and no xformer.
//   npx xformer export onnx --model runs/zh-en-1 --output exported-onnx
//   npm install onnxruntime-node @huggingface/tokenizers
//   node examples/onnx/translate.mjs exported-onnx < data/zh-en/test.zh
// With --ids the lines are ids as `xformer tokenize --ids` prints them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Tokenizer } from "@huggingface/tokenizers";
import ort from "onnxruntime-node";

const [directory, ...flags] = process.argv.slice(2);
const json = (...names) => JSON.parse(readFileSync(join(directory, ...names), "utf8"));
const tokenizerIn = (folder) =>
  new Tokenizer(json(folder, "tokenizer.json"), json(folder, "tokenizer_config.json"));
const source = tokenizerIn("");
const target = existsSync(join(directory, "target")) ? tokenizerIn("target") : source;
const {
  decoder_start_token_id: begin,
  eos_token_id: end,
  max_length: limit,
} = json("generation_config.json");
const encoder = await ort.InferenceSession.create(join(directory, "onnx/encoder_model.onnx"));
const decoder = await ort.InferenceSession.create(join(directory, "onnx/decoder_model_merged.onnx"));
const cache = decoder.inputMetadata.filter(({ name }) => name.startsWith("past_key_values"));
const int64 = (ids) => new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);

for await (const line of createInterface({ input: process.stdin })) {
  const ids = flags.includes("--ids")
    ? [...line.split(" ").filter(Boolean).map(Number), end]
    : source.encode(line).ids;
  const mask = int64(ids.map(() => 1));
  const { last_hidden_state: memory } = await encoder.run({ input_ids: int64(ids), attention_mask: mask });
  const feeds = { encoder_attention_mask: mask, encoder_hidden_states: memory };
  // Nothing is in the cache at first; its shape is [batch, heads, tokens, width of a head].
  for (const { name, shape } of cache)
    feeds[name] = new ort.Tensor("float32", new Float32Array(0), [1, shape[1], 0, shape[3]]);
  const tokens = [begin];
  while (tokens.length < limit && (tokens.length === 1 || tokens.at(-1) !== end)) {
    feeds.input_ids = int64(tokens.slice(-1));
    feeds.use_cache_branch = new ort.Tensor("bool", [tokens.length > 1], [1]);
    const outputs = await decoder.run(feeds);
    for (const { name } of cache) feeds[name] = outputs[name.replace("past_key_values", "present")];
    const logits = outputs.logits.data;
    tokens.push(logits.reduce((best, logit, id) => (logit > logits[best] ? id : best), 0));
  }
  console.log(target.decode(tokens.slice(1).filter((token) => token !== end)));
}
