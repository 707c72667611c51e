import { parseArgs } from 'node:util';
import { planClusterJob } from './kubernetes/plan-job.ts';

/** Prints the objects of a job on several nodes as JSON, which `kubectl apply -f -` takes. */
const help = `node packages/trainer/src/kubernetes-job.ts --name tune-1 --image registry/trainer:1 --claim jobs \\
  --folder tune-1 --nodes 2 --gpus 8 [--namespace default] [--strategy auto|ddp|fsdp] [--memory 256Gi]

The folder lies on the claim's volume and was prepared: main.ts --job <folder>/config.json --prepare --with-base
`;
const { values } = parseArgs({
  options: {
    name: { type: 'string' },
    image: { type: 'string' },
    claim: { type: 'string' },
    folder: { type: 'string' },
    nodes: { type: 'string' },
    gpus: { type: 'string' },
    namespace: { type: 'string', default: 'default' },
    strategy: { type: 'string', default: 'auto' },
    memory: { type: 'string', default: '256Gi' },
    help: { type: 'boolean' },
  },
});
const { name, image, claim, folder, namespace, strategy, memory } = values;
const [nodes, gpusPerNode] = [Number(values.nodes), Number(values.gpus)];
const known = (['auto', 'ddp', 'fsdp'] as const).find((word) => word === strategy);
const isCounted = Number.isInteger(nodes) && nodes > 0 && Number.isInteger(gpusPerNode) && gpusPerNode > 0;
if (values.help || !name || !image || !claim || !folder || !known || !isCounted) {
  process.stdout.write(help);
  process.exit(values.help ? 0 : 2);
}
const job = { name, image, claim, folder, namespace, strategy: known, memory, nodes, gpusPerNode };
const list = { apiVersion: 'v1', kind: 'List', items: planClusterJob(job) };
process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
