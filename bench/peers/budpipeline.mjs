// SPDX-License-Identifier: Apache-2.0
// This project, by the same driver: every step states `effect: idempotent`, so that each is on disk before the next one
// starts, as with peers that record every step. BUDPIPELINE_EFFECT=pure leaves steps as their action is.
import fs from 'node:fs';
import path from 'node:path';
import { DATA, request, start, stop, until } from './common.mjs';

const PORT = 18011;
const data = path.join(DATA, 'budpipeline');
const program = process.env.BUDPIPELINE;
const effect = process.env.BUDPIPELINE_EFFECT === 'pure' ? {} : { effect: 'idempotent' };
let server, ids;

const step = (name, n, ...after) => ({ id: name, name, action: 'set_output', params: { outputs: { n } }, depends_on: after, ...effect });

function chain() {
  return [step('s0', 0), ...Array.from({ length: 9 }, (_, i) => step(`s${i + 1}`, `{{ steps.s${i}.outputs.n + 1 }}`, `s${i}`))];
}

function fan(width) {
  const legs = Array.from({ length: width }, (_, i) => step(`p${i}`, `{{ steps.first.outputs.n + ${i} }}`, 'first'));
  return [step('first', 1), ...legs, step('join', `{{ steps.p${width - 1}.outputs.n }}`, ...legs.map((leg) => leg.id))];
}

async function save(name, steps) {
  const dag = { name, settings: { max_parallel_steps: 100 }, steps };
  return JSON.parse(await request('POST', PORT, '/pipelines', { dag })).id;
}

async function run(pipeline, headers) {
  const got = JSON.parse(await request('POST', PORT, '/executions', { workflow_id: pipeline }, headers));
  if (headers.prefer && got.status !== 'completed') throw new Error(`an execution is ${got.status}`);
}

export default {
  settings: effect.effect ? 'SQLite, every step on disk before the next one starts' : 'SQLite, pure steps: one commit an execution',
  version: () => `budpipeline of ${new Date().toISOString().slice(0, 10)}`,
  sizeMB: () => Number((fs.statSync(program).size / 1024 / 1024).toFixed(1)),
  async setup() {
    fs.rmSync(data, { recursive: true, force: true });
    fs.mkdirSync(data, { recursive: true });
    ids = undefined;
  },
  async start() {
    server = start(program, ['serve', '--store', `sqlite:${path.join(data, 'store')}`, '--port', String(PORT), '--http-rate-limit', '0'], {}, 'budpipeline.log');
    await until(() => request('GET', PORT, '/health').then(() => true), 'the server', 60000, 1);
    ids ??= { chain: await save('chain', chain()), fan: await save('fan', fan(200)) };
  },
  stop: () => stop(server),
  async kill() {
    server.kill('SIGKILL');
    await server.exited;
  },
  pids: () => [server.pid],
  chain: () => run(ids.chain, { prefer: 'wait=60' }),
  fan: () => run(ids.fan, { prefer: 'wait=60' }),
  submit: (id) => run(ids.chain, { 'idempotency-key': id }),
  completed: async () => JSON.parse(await request('GET', PORT, '/executions?status=COMPLETED&page_size=1')).pagination.total_count,
};
