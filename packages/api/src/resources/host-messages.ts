import { int32, int64, list, message, text, timestamp, word } from '../fields.ts';

const HostAccelerator = message('HostAccelerator', {
  kind: word(['KIND_UNSPECIFIED', 'CUDA', 'METAL']),
  name: text('As its driver calls it.'),
  memoryBytes: int64('Of its own; 0: it shares the main memory.'),
  freeBytes: int64(),
  driver: text('Version of the driver.'),
});

const HostReplica = message('HostReplica', {
  replica: text(),
  deployment: text(),
  state: text('starting, ready or draining.'),
  memoryBytes: int64('What it was promised of the main memory.'),
  memoryArithmetic: text('How that came about.'),
});

/** A machine that replicas run on. */
const Host = message('Host', {
  node: text('Id of the server that runs replicas there.'),
  hostName: text(),
  platform: text('Such as linux-x64.'),
  processor: text(),
  coreCount: int32('Processors that may be used at once.'),
  cpuSet: text('Which ones, such as 0-7.'),
  memoryNodes: list(text(), 'Parts of the machine with memory of their own, with their processors.'),
  memoryBytes: int64('Of the machine, or of the control group that confines the server to less.'),
  memoryLimitBytes: int64('Limit of that control group; 0: none.'),
  replicaMemoryBytes: int64('What the operator gives replicas (SPARKLER_ENGINE_MEMORY_MB); 0: what is free.'),
  availableBytes: int64('Neither in use nor needed.'),
  promisedBytes: int64('Promised to the replicas below.'),
  accelerators: list(HostAccelerator),
  replicas: list(HostReplica),
  seenTime: timestamp('When it was last looked at.'),
});

export const HostList = message('HostList', { hosts: list(Host) });
