"""Checkpoints that are whole or not there: written beside, synced, renamed. No pickle: it could run code."""
import json
import os
import shutil

from safetensors.torch import load_file, save_file

TENSORS, STATE = "state.safetensors", "state.json"


def list_checkpoints(job):
    folder = os.path.join(job, "checkpoints")
    return sorted(name for name in os.listdir(folder) if name.startswith("step-")) if os.path.isdir(folder) else []


def write_checkpoint(job, state, tensors, keep):
    parent = os.path.join(job, "checkpoints")
    name = f"step-{state['step']:06d}"
    partial = os.path.join(parent, f".{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    save_file(tensors, os.path.join(partial, TENSORS))
    with open(os.path.join(partial, STATE), "w") as file:
        json.dump(state, file)
    for file_name in (TENSORS, STATE):
        with open(os.path.join(partial, file_name), "rb+") as file:
            os.fsync(file.fileno())
    target = os.path.join(parent, name)
    shutil.rmtree(target, ignore_errors=True)
    os.rename(partial, target)
    for old in list_checkpoints(job)[:-keep]:
        shutil.rmtree(os.path.join(parent, old))
    return target


def read_newest(job):
    """(state, tensors) of the newest checkpoint, or None."""
    names = list_checkpoints(job)
    if not names:
        return None
    folder = os.path.join(job, "checkpoints", names[-1])
    with open(os.path.join(folder, STATE)) as file:
        return json.load(file), load_file(os.path.join(folder, TENSORS))
