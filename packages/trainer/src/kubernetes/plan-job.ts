import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Container, PodSpec, Service } from 'kubernetes-types/core/v1.d.ts';

/** A prepared job folder on a volume that all nodes mount, to be trained by several of them. */
export interface ClusterJob {
  /** Of the objects: a DNS label. */
  readonly name: string;
  readonly namespace: string;
  /** Has the environment of requirements.lock as its Python, and packages/trainer/python in /trainer. */
  readonly image: string;
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** PersistentVolumeClaim with the folder, ReadWriteMany. */
  readonly claim: string;
  /** Of config.json, within the volume. */
  readonly folder: string;
  readonly strategy: 'auto' | 'ddp' | 'fsdp';
  readonly memory: string;
}

const rendezvousPort = 29_400;
const mountPath = '/jobs';

/** Words of torchrun on one of several nodes. Pure. */
export function planTorchrun(job: ClusterJob): string[] {
  return [
    'torchrun',
    `--nnodes=${job.nodes}`,
    `--nproc-per-node=${job.gpusPerNode}`,
    // Kubernetes fills in what is in $(…): a pod's place among its siblings.
    '--node-rank=$(JOB_COMPLETION_INDEX)',
    `--rdzv-id=${job.name}`,
    '--rdzv-backend=c10d',
    `--rdzv-endpoint=${job.name}-0.${job.name}:${rendezvousPort}`,
    '/trainer/train.py',
    `--job=${mountPath}/${job.folder}/config.json`,
    `--strategy=${job.strategy}`,
    '--device=cuda',
    '--resume',
  ];
}

/**
 * A headless service, by which the pods find the first one, and an indexed Job with a pod for each node. A
 * pod that is lost starts again, and all go on from the checkpoint. Pure. Throws for a name or folder that
 * Kubernetes or a shell would take for something else.
 */
export function planClusterJob(job: ClusterJob): [Service, Job] {
  if (!/^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/.test(job.name)) {
    throw new Error(
      `${job.name}: a name is letters, digits and dashes, at most 52, and begins with a letter`,
    );
  }
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(job.folder) || job.folder.split('/').includes('..')) {
    throw new Error(`${job.folder}: the folder is a path within the volume`);
  }
  const metadata = { name: job.name, namespace: job.namespace, labels: { app: job.name } };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    // Addresses before the pods are ready: they are ready when they have found each other.
    spec: { clusterIP: 'None', selector: { app: job.name }, publishNotReadyAddresses: true },
  };
  return [service, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: planSpec(job) }];
}

function planSpec(job: ClusterJob): NonNullable<Job['spec']> {
  return {
    completions: job.nodes,
    parallelism: job.nodes,
    completionMode: 'Indexed',
    // torchrun ends with 1 whatever its processes ended with, so that each failure is tried again, a few
    // times.
    backoffLimit: 3 * job.nodes,
    podFailurePolicy: {
      // A node that is taken away counts for nothing.
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    },
    template: { metadata: { labels: { app: job.name } }, spec: planPod(job) },
  };
}

function planPod(job: ClusterJob): PodSpec {
  const [command, ...args] = planTorchrun(job);
  const container: Container = {
    name: 'trainer',
    image: job.image,
    command: [command!],
    args,
    ports: [{ containerPort: rendezvousPort }],
    env: [{ name: 'HF_HUB_OFFLINE', value: '1' }],
    resources: { limits: { 'nvidia.com/gpu': String(job.gpusPerNode), memory: job.memory } },
    volumeMounts: [
      { name: 'jobs', mountPath },
      { name: 'shared-memory', mountPath: '/dev/shm' },
    ],
  };
  return {
    subdomain: job.name,
    restartPolicy: 'Never',
    // A pause writes a checkpoint first.
    terminationGracePeriodSeconds: 120,
    containers: [container],
    volumes: [
      { name: 'jobs', persistentVolumeClaim: { claimName: job.claim } },
      // NCCL's, between the processes of a pod; the usual 64 MB are too few.
      { name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '8Gi' } },
    ],
  };
}
