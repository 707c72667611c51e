"""LoRA training of a llama model in plain PyTorch: what the embedded trainer is measured against.

Reads a job folder that was prepared with `--prepare --with-base` (base/, init/, train.tok, plan.jsonl) and
prints one JSON line a step: loss before the update, and processor seconds. Written from the published model
definition with nothing but torch: no transformers, no peft. One document a forward pass, so packing is
checked as well.

    python3 torch-reference.py <job folder> <steps> [threads]
"""
import json
import math
import resource
import struct
import sys
import time

import torch
import torch.nn.functional as F


def read_tensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = bytearray(data[8 + length + begin : 8 + length + end])
        tensors[name] = torch.frombuffer(raw, dtype=torch.float32).reshape(entry["shape"])
    return tensors


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


class Model:
    def __init__(self, folder, config):
        self.config = config
        self.weights = read_tensors(f"{folder}/base/model.safetensors")
        adapter = read_tensors(f"{folder}/init/adapter_model.safetensors")
        peft = json.load(open(f"{folder}/init/adapter_config.json"))
        self.scale = peft["lora_alpha"] / peft["r"]
        self.adapter = {name: tensor.requires_grad_() for name, tensor in adapter.items()}
        self.head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])

    def linear(self, name, x):
        prefix = f"base_model.model.{name}"
        down = F.linear(x, self.adapter[f"{prefix}.lora_A.weight"])
        up = F.linear(down, self.adapter[f"{prefix}.lora_B.weight"])
        return F.linear(x, self.weights[f"{name}.weight"]) + self.scale * up

    def norm(self, name, x):
        scaled = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"])
        return scaled * self.weights[f"{name}.weight"]

    def rotate(self, x):
        size = x.shape[-1]
        base = self.config["rope_theta"]
        frequencies = base ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
        angles = torch.arange(x.shape[-2], dtype=torch.float32)[:, None] * frequencies
        cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
        first, second = x.chunk(2, -1)
        return x * cos + torch.cat([-second, first], -1) * sin

    def attention(self, layer, x):
        config = self.config
        heads, kv_heads, size = (
            config["num_attention_heads"],
            config["num_key_value_heads"],
            config["head_dim"],
        )
        split = lambda y, count: y.view(-1, count, size).transpose(0, 1)
        name = f"model.layers.{layer}.self_attn"
        q = self.rotate(split(self.linear(f"{name}.q_proj", x), heads))
        k = self.rotate(split(self.linear(f"{name}.k_proj", x), kv_heads))
        v = split(self.linear(f"{name}.v_proj", x), kv_heads)
        k, v = (y.repeat_interleave(heads // kv_heads, 0) for y in (k, v))
        future = torch.ones(len(x), len(x), dtype=torch.bool).triu(1)
        scores = (q @ k.transpose(1, 2) / math.sqrt(size)).masked_fill(future, -math.inf)
        mixed = (scores.softmax(-1) @ v).transpose(0, 1).reshape(len(x), -1)
        return self.linear(f"{name}.o_proj", mixed)

    def hidden(self, ids):
        x = self.weights["model.embed_tokens.weight"][ids]
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            x = x + self.attention(layer, self.norm(f"{name}.input_layernorm", x))
            y = self.norm(f"{name}.post_attention_layernorm", x)
            gate, up = self.linear(f"{name}.mlp.gate_proj", y), self.linear(f"{name}.mlp.up_proj", y)
            x = x + self.linear(f"{name}.mlp.down_proj", F.silu(gate) * up)
        return self.norm("model.norm", x)

    def loss(self, example):
        """Sum of weight * cross entropy; only supervised positions reach the head."""
        ids, weights = torch.tensor(example["ids"]), torch.tensor(example["w"])[1:]
        rows = weights.nonzero()[:, 0]
        logits = self.hidden(ids)[rows] @ self.head.T
        return (F.cross_entropy(logits, ids[1:][rows], reduction="none") * weights[rows]).sum()


def main():
    folder, steps = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    settings = json.load(open(f"{folder}/config.json"))["train"]
    model = Model(folder, json.load(open(f"{folder}/base/config.json")))
    examples = read_lines(f"{folder}/train.tok")
    parameters = list(model.adapter.values())
    optimizer = torch.optim.AdamW(parameters, lr=0, weight_decay=settings["weightDecay"])
    for step in read_lines(f"{folder}/plan.jsonl")[:steps]:
        begin = time.process_time()
        chosen = [examples[index] for index in step["examples"]]
        total = sum(sum(example["w"]) for example in chosen)
        optimizer.zero_grad()
        loss = 0.0
        for example in chosen:
            part = model.loss(example) / total
            part.backward()
            loss += part.item()
        torch.nn.utils.clip_grad_norm_(parameters, settings["clipNorm"])
        for group in optimizer.param_groups:
            group["lr"] = step["learningRate"]
        optimizer.step()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        seconds = time.process_time() - begin
        print(json.dumps({"loss": loss, "cpuSeconds": seconds, "peakBytes": peak}), flush=True)


main()
