"""The base model with its adapter, and the loss of some examples."""
import os
import shutil

import torch
import torch.nn.functional as F
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from job_events import TrainerError

# Tokens (with padding) of one forward pass.
PASS_TOKENS = 16_384


def load_model(job, base, precision, is_nf4, device):
    """The adapter in <job>/init on the base, trainable in f32."""
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
    if not is_nf4:
        model.to(device)
    model = PeftModel.from_pretrained(model, os.path.join(job, "init"), is_trainable=True)
    model.config.use_cache = False
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


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
