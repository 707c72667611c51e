"""The base model with its adapter, and the loss of some examples."""
import os
import shutil
from math import prod

import torch
import torch.nn.functional as F
from peft import PeftModel, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from job_events import TrainerError

# Tokens (with padding) of one forward pass.
PASS_TOKENS = 16_384


def load_model(job, base, precision, is_nf4, device, is_sharded=False):
    """The adapter in <job>/init on the base, trainable in f32. Sharded: each rank holds its part of the layers."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    options = {"torch_dtype": dtype}
    if is_nf4:
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
        )
        options["device_map"] = {"": device}
    model = AutoModelForCausalLM.from_pretrained(base, **options)
    if getattr(model.config, "final_logit_softcapping", None):
        raise TrainerError("UNSUPPORTED_MODEL", "capped logits are not computed here")
    if not is_nf4 and not is_sharded:
        model.to(device)
    model = PeftModel.from_pretrained(model, os.path.join(job, "init"), is_trainable=True)
    model.config.use_cache = False
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if is_sharded:
        shard_layers(model, device)
    return model


def shard_layers(model, device):
    """Deals the frozen layers out to all ranks (FSDP2), layer by layer, so that no GPU ever holds them all.

    The adapter stays whole on every rank: it is small, and optimiser, clipping and checkpoints are then those of
    one GPU. So do embeddings and head, which may be one and the same tensor.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    inner = model.get_base_model().model
    frozen = {parameter for layer in inner.layers for parameter in layer.parameters() if not parameter.requires_grad}
    whole = {parameter for parameter in model.parameters() if parameter not in frozen}
    for layer in inner.layers:
        fully_shard(layer, mesh=mesh, ignored_params=whole)
    # The root, without parameters of its own: it lets a layer be fetched while the one before it computes.
    fully_shard(inner, mesh=mesh, ignored_params=whole)
    for parameter in whole:
        parameter.data = parameter.data.to(device)
    for buffer in model.buffers():
        buffer.data = buffer.data.to(device)


def count_parameters(base):
    """Of a model folder, from the headers of its files."""
    total = 0
    for name in os.listdir(base):
        if name.endswith(".safetensors"):
            with safe_open(os.path.join(base, name), "pt") as file:
                total += sum(prod(file.get_slice(key).get_shape()) for key in file.keys())
    return total


def choose_strategy(wanted, base, precision, device, world):
    """'ddp' (each rank holds the base) or 'fsdp' (each holds a part); 'auto' shards what would fill a GPU."""
    if wanted != "auto":
        return wanted
    if world == 1 or device.type != "cuda":
        return "ddp"
    needed = (2 if precision == "bf16" else 4) * count_parameters(base)
    # The rest is for activations, logits and the adapter's moments.
    return "fsdp" if needed > 0.6 * torch.cuda.mem_get_info(device)[0] else "ddp"


def pad_passes(passes, count, example):
    """As many passes as the rank with the most has: sharded layers are fetched by all ranks together."""
    unlearned = {"ids": example["ids"][:2], "w": [0.0] * len(example["ids"][:2])}
    return passes + [[unlearned]] * (count - len(passes))


def split_passes(examples):
    """Examples of similar length side by side, at most PASS_TOKENS with padding."""
    passes = []
    for example in sorted(examples, key=lambda example: len(example["ids"])):
        last = passes[-1] if passes else []
        if last and (len(last) + 1) * len(example["ids"]) <= PASS_TOKENS:
            last.append(example)
        else:
            passes.append([example])
    return passes


def measure_pass(model, examples, total, device):
    """Sum of weight * cross entropy over `total`, right guesses and rows; only supervised rows meet the head."""
    length = max(len(example["ids"]) for example in examples)
    pad = lambda values: values + [0] * (length - len(values))
    ids = torch.tensor([pad(example["ids"]) for example in examples], device=device)
    weights = torch.tensor([pad(example["w"]) for example in examples], device=device)[:, 1:]
    seen = torch.tensor([pad([1] * len(example["ids"])) for example in examples], device=device)
    inner = model.get_base_model()
    hidden = inner.model(input_ids=ids, attention_mask=seen).last_hidden_state[:, :-1]
    rows = weights > 0
    logits = inner.get_output_embeddings()(hidden[rows]).float()
    targets = ids[:, 1:][rows]
    loss = (F.cross_entropy(logits, targets, reduction="none") * weights[rows]).sum() / total
    return loss, int((logits.argmax(-1) == targets).sum()), len(targets)


def write_adapter(model, job):
    """<job>/out as a PEFT folder, with the config of init/: save_pretrained would add a model card."""
    out = os.path.join(job, "out")
    os.makedirs(out, exist_ok=True)
    paths = [os.path.join(out, name) for name in ("adapter_config.json", "adapter_model.safetensors")]
    shutil.copyfile(os.path.join(job, "init", "adapter_config.json"), paths[0])
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    save_file(tensors, paths[1], metadata={"format": "pt"})
    return paths
