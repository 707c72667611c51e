"""Events out, commands in: the protocol of docs/fine-tuning.md. Only rank 0 speaks."""
import json
import os
import signal
import sys
import threading
from datetime import datetime, timezone

EXIT = {"done": 0, "BAD_CONFIG": 2, "UNSUPPORTED_MODEL": 2, "BAD_DATA": 3, "OOM": 4, "paused": 75, "cancelled": 130}
HEARTBEAT_SECONDS = 5
# Whoever started us writes the files, and we end with it.
IS_SUPERVISED = os.environ.get("SPARKLER_SUPERVISED") == "1"


class TrainerError(Exception):
    """A failure with the code that a supervisor acts on."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Events:
    """Numbered JSON lines on file descriptor 3 (where it is open) and in events.jsonl."""

    def __init__(self, folder, is_speaking):
        self._lock = threading.Lock()
        self._sequence = 0
        self._is_speaking = is_speaking
        self._folder = folder
        self._pipe = None
        if not is_speaking:
            return
        try:
            os.fstat(3)
            self._pipe = os.fdopen(3, "w", buffering=1)
        except OSError:
            self._pipe = None
        threading.Thread(target=self._beat, daemon=True).start()

    def emit(self, kind, **fields):
        if not self._is_speaking:
            return
        with self._lock:
            now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            line = json.dumps({"v": 1, "seq": self._sequence, "ts": now, "type": kind, **fields}) + "\n"
            self._sequence += 1
            if kind != "heartbeat" and not IS_SUPERVISED:
                with open(os.path.join(self._folder, "events.jsonl"), "a") as file:
                    file.write(line)
            if kind in ("metric", "eval") and not IS_SUPERVISED:
                with open(os.path.join(self._folder, "metrics.jsonl"), "a") as file:
                    file.write(line)
            try:
                if self._pipe is not None:
                    self._pipe.write(line)
            except OSError:
                self._pipe = None

    def _beat(self):
        while not threading.Event().wait(HEARTBEAT_SECONDS):
            self.emit("heartbeat")


class Control:
    """What was asked of the run: 'cancel', 'pause', 'checkpoint' or None. Read between steps."""

    def __init__(self, is_listening):
        self.wanted = None
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "wanted", "pause"))
        self._is_listening = is_listening
        if is_listening or IS_SUPERVISED:
            threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in sys.stdin:
            if not self._is_listening:
                continue
            try:
                command = json.loads(line).get("cmd")
            except (ValueError, AttributeError):
                command = None
            if command in ("cancel", "pause", "checkpoint"):
                self.wanted = command
            else:
                print(f"unknown command {line.strip()}", file=sys.stderr)
        if IS_SUPERVISED:
            os._exit(1)
