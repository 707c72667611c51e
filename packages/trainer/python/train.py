"""One fine-tuning job on GPUs: the embedded trainer's job folder, events and result, on transformers and PEFT.

    node packages/trainer/src/main.ts --job <folder>/config.json --prepare [--with-base]
    torchrun --nproc-per-node 8 train.py --job <folder>/config.json --base <model folder> [--resume]
        [--strategy auto|ddp|fsdp] [--nf4] [--device cpu|cuda]

Examples of a step are dealt out to the ranks and the adapter's gradients are summed over them, so a step is
the same whatever the number of GPUs. With ddp each rank holds the whole base model, with fsdp a part of its layers.
"""
import argparse
import json
import os
import sys
import time

# Everything is in the job's folder: nothing is looked up elsewhere. Read when the libraries are imported.
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import torch.distributed as dist

from adapter_model import choose_strategy, load_model, measure_pass, pad_passes, split_passes, write_adapter
from checkpoints import read_newest, write_checkpoint
from job_events import EXIT, Control, Events, TrainerError

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
# AdamW's, by PyTorch's names.
MOMENTS = ("exp_avg", "exp_avg_sq")


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


class Run:
    def __init__(self, arguments, config, events, control):
        self.config, self.events, self.control = config, events, control
        self.job = os.path.dirname(os.path.abspath(arguments.job))
        has_gpu = arguments.device != "cpu" and torch.cuda.is_available()
        if arguments.device == "cuda" and not has_gpu:
            raise TrainerError("BAD_CONFIG", "PyTorch sees no GPU on this host (torch.cuda.is_available() is False)")
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if has_gpu else torch.device("cpu")
        if WORLD > 1:
            dist.init_process_group("nccl" if has_gpu else "gloo")
        if has_gpu:
            torch.cuda.set_device(self.device)
        base = arguments.base or os.path.join(self.job, "base")
        precision = config["precision"]
        strategy = choose_strategy(arguments.strategy, base, precision, self.device, WORLD)
        self.is_sharded = strategy == "fsdp" and WORLD > 1
        if self.is_sharded and arguments.nf4:
            raise TrainerError("BAD_CONFIG", "a base in 4 bits is held whole by each rank: use --strategy ddp")
        self.model = load_model(self.job, base, precision, arguments.nf4, self.device, self.is_sharded)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        decay = config["train"]["weightDecay"]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=0.0, weight_decay=decay)
        self.train, self.evaluation = (read_lines(os.path.join(self.job, f"{n}.tok")) for n in ("train", "eval"))
        self.plan = read_lines(os.path.join(self.job, "plan.jsonl"))
        self.state = {"step": 0, "tokensSeen": 0, "best": None, "worse": 0}
        self.best = None
        if arguments.resume:
            self.restore(read_newest(self.job))

    def restore(self, saved):
        if saved is None:
            return
        self.state, tensors = saved
        for index, parameter in enumerate(self.parameters):
            parameter.data.copy_(tensors[f"parameter.{index}"])
            moments = {key: tensors[f"{key}.{index}"] for key in MOMENTS if f"{key}.{index}" in tensors}
            if moments:
                step = torch.tensor(float(self.state["step"]))
                moved = {key: value.to(parameter.device) for key, value in moments.items()}
                self.optimizer.state[parameter] = {"step": step, **moved}
        if self.state["best"] is not None:
            self.best = [tensors[f"best.{index}"] for index in range(len(self.parameters))]

    def values(self):
        return [parameter.detach().cpu().clone() for parameter in self.parameters]

    def save(self):
        if RANK != 0:
            return
        tensors = {f"parameter.{index}": values for index, values in enumerate(self.values())}
        for index, parameter in enumerate(self.parameters):
            moments = self.optimizer.state.get(parameter, {})
            tensors.update({f"{key}.{index}": moments[key].cpu().clone() for key in MOMENTS if key in moments})
        tensors.update({f"best.{index}": values for index, values in enumerate(self.best or [])})
        path = write_checkpoint(self.job, self.state, tensors, self.config["checkpoint"]["keep"])
        self.events.emit("checkpoint", step=self.state["step"], path=path)

    def passes(self, examples):
        """This rank's, as many as every other rank's where layers are fetched together."""
        own = split_passes(examples[RANK::WORLD])
        if not self.is_sharded:
            return own
        return pad_passes(own, max(len(split_passes(examples[rank::WORLD])) for rank in range(WORLD)), examples[0])

    def measure(self, examples, is_training):
        """Loss of examples (with gradients added to the adapter's), guesses and rows, summed over the ranks."""
        total = sum(sum(example["w"]) for example in examples)
        sums = torch.zeros(3, dtype=torch.float64, device=self.device)
        for part in self.passes(examples):
            with torch.set_grad_enabled(is_training):
                loss, right, rows = measure_pass(self.model, part, total, self.device)
            if is_training:
                loss.backward()
            sums += torch.tensor([loss.item(), right, rows], dtype=torch.float64, device=self.device)
        if WORLD > 1:
            dist.all_reduce(sums)
        return sums.tolist()

    def take_step(self):
        plan = self.plan[self.state["step"]]
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        chosen = [self.train[index] for index in plan["examples"]]
        loss, right, rows = self.measure(chosen, True)
        if WORLD > 1:
            for parameter in self.parameters:
                dist.all_reduce(parameter.grad)
        if not loss == loss or loss == float("inf"):
            raise TrainerError("NAN_LOSS", f"the loss of step {self.state['step'] + 1} is not a number")
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.config["train"]["clipNorm"])
        for group in self.optimizer.param_groups:
            group["lr"] = plan["learningRate"]
        self.optimizer.step()
        self.state["step"] += 1
        self.state["tokensSeen"] += sum(len(example["ids"]) for example in chosen)
        self.events.emit(
            "metric", step=self.state["step"], epoch=plan["epoch"], trainLoss=loss,
            trainMeanTokenAccuracy=right / rows, learningRate=plan["learningRate"],
            gradientNorm=float(norm), lossTokens=int(rows),
        )

    def evaluate(self):
        """True when it is time to stop early."""
        if not self.evaluation:
            return False
        loss, right, rows = self.measure(self.evaluation, False)
        state = self.state
        is_best = state["best"] is None or loss < state["best"]["loss"]
        if is_best:
            state.update(best={"loss": loss, "step": state["step"]}, worse=0)
            self.best = self.values()
        else:
            state["worse"] += 1
        self.events.emit(
            "eval", step=state["step"], evalLoss=loss, evalMeanTokenAccuracy=right / rows, best=is_best
        )
        patience = self.config["evaluation"]["patience"]
        return patience is not None and state["worse"] >= patience

    def asked(self):
        """What rank 0 was asked, the same on every rank."""
        wanted = [self.control.wanted]
        if WORLD > 1:
            dist.broadcast_object_list(wanted, src=0)
        self.control.wanted = None
        return wanted[0]

    def loop(self):
        total, start, begin = len(self.plan), self.state["step"], time.monotonic()
        if start == 0:
            self.evaluate()
        while self.state["step"] < total:
            asked = self.asked()
            if asked in ("cancel", "pause", "checkpoint"):
                self.save()
            if asked == "cancel":
                return "cancelled"
            if asked == "pause":
                return "paused"
            self.take_step()
            step, seconds = self.state["step"], time.monotonic() - begin
            self.events.emit(
                "progress", step=step, totalSteps=total, epoch=self.plan[step - 1]["epoch"],
                percent=100 * step / total, etaSeconds=seconds / (step - start) * (total - step),
                tokensSeen=self.state["tokensSeen"], tokensPerSecond=self.state["tokensSeen"] / seconds,
            )
            if (step % self.config["evaluation"]["everySteps"] == 0 or step == total) and self.evaluate():
                return "early_stopped"
            if step % self.config["checkpoint"]["everySteps"] == 0:
                self.save()
        return "completed"

    def write_result(self):
        if self.config["evaluation"]["patience"] is not None and self.best is not None:
            for parameter, values in zip(self.parameters, self.best):
                parameter.data.copy_(values)
        return write_adapter(self.model, self.job)

    def announce(self):
        tokens = sum(len(self.train[index]["ids"]) for step in self.plan for index in step["examples"])
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "processor"
        self.events.emit(
            "started", engine="transformers", device=f"{WORLD} x {name}{', sharded' if self.is_sharded else ''}", pid=os.getpid(),
            trainableParameters=sum(p.numel() for p in self.parameters), totalSteps=len(self.plan),
            totalTokens=tokens, resumedFromStep=self.state["step"] or None,
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", required=True, help="<folder>/config.json, prepared")
    parser.add_argument("--base", help="folder of the base model; by default <folder>/base")
    parser.add_argument("--nf4", action="store_true", help="hold the base in 4 bits (bitsandbytes, GPU)")
    parser.add_argument("--strategy", choices=("auto", "ddp", "fsdp"), default="auto")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    events = Events(os.path.dirname(os.path.abspath(arguments.job)), RANK == 0)
    control = Control(RANK == 0)
    try:
        with open(arguments.job) as file:
            config = json.load(file)
        if config.get("v") != 1:
            raise TrainerError("BAD_CONFIG", f"v is {config.get('v')}, this trainer reads 1")
        run = Run(arguments, config, events, control)
        run.announce()
        status = run.loop()
        is_finished = status in ("completed", "early_stopped")
        files = run.write_result() if is_finished and RANK == 0 else []
        best = run.state["best"]
        events.emit("done", status=status, bestStep=best["step"] if best else None, files=files)
        if WORLD > 1:
            dist.destroy_process_group()
        return EXIT.get(status, 0)
    except Exception as error:
        is_memory = isinstance(error, getattr(torch.cuda, "OutOfMemoryError", MemoryError))
        code = error.code if isinstance(error, TrainerError) else "OOM" if is_memory else "INTERNAL"
        events.emit("error", code=code, message=str(error), retryable=code == "INTERNAL")
        print(f"{code}: {error}", file=sys.stderr)
        return EXIT.get(code, 1)


sys.exit(main())
