// SPDX-License-Identifier: Apache-2.0
// Restate: one node with its defaults (every record in a log that is synced), one Node worker. RESTATE_PARTITIONS sets
// the number of partitions.
import fs from 'node:fs';
import path from 'node:path';
import { DATA, folder, request, sizeMB, start, stop, until, version } from './common.mjs';

const INGRESS = 18180, ADMIN = 19170, WORKER = 19080;
const data = path.join(DATA, 'restate');
const binary = folder('restate', '@restatedev/restate-server-linux-x64/bin/restate-server');
const partitions = process.env.RESTATE_PARTITIONS;
let server, worker, registered, firsts;

const environment = {
  RESTATE_BASE_DIR: data, RESTATE_BIND_IP: '127.0.0.1', RESTATE_BIND_ADDRESS: '127.0.0.1:15122', RESTATE_LISTEN_MODE: 'tcp',
  RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${INGRESS}`, RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ADMIN}`,
  RESTATE_DISABLE_TELEMETRY: 'true', RESTATE_ADMIN__DISABLE_WEB_UI: 'true', RESTATE_LOG_FILTER: 'warn',
  ...(partitions ? { RESTATE_DEFAULT_NUM_PARTITIONS: partitions } : {}),
};
const chain = (id) => request('POST', INGRESS, '/Chain/run', undefined, { 'idempotency-key': id });

export default {
  settings: `one node, ${partitions ?? '24'} partitions, log synced; one Node worker; every step recorded`,
  version: () => `restate-server ${version('restate', '@restatedev/restate-server')}`,
  sizeMB: () => sizeMB(folder('restate')),
  async setup() {
    fs.rmSync(data, { recursive: true, force: true });
    registered = false;
    firsts = 0;
  },
  async start() {
    worker ??= start(process.execPath, [new URL('restate-worker.mjs', import.meta.url).pathname],
      { PORT: String(WORKER), NODE_ENV: 'production', RESTATE_LOGGING: 'ERROR' }, 'restate-worker.log');
    server = start(binary, ['--no-logo'], environment, 'restate.log');
    await until(() => request('GET', ADMIN, '/health').then(() => true), 'the server');
    if (!registered) await until(() => request('POST', ADMIN, '/deployments', { uri: `http://127.0.0.1:${WORKER}/`, force: true }), 'the worker', 60000, 20);
    registered = true;
    await until(() => request('POST', INGRESS, '/Chain/run'), 'a first run');
    firsts++;
  },
  async stop() {
    await stop(server);
    await stop(worker);
    worker = undefined;
  },
  async kill() {
    server.kill('SIGKILL');
    await server.exited;
  },
  pids: () => [server.pid, worker.pid],
  chain,
  fan: (id, width) => request('POST', INGRESS, '/Chain/fan', width),
  submit: (id) => request('POST', INGRESS, '/Chain/run/send', undefined, { 'idempotency-key': id }),
  async completed() {
    const query = "select count(*) as n from sys_invocation where status = 'completed'";
    return Number(JSON.parse(await request('POST', ADMIN, '/query', { query }, { accept: 'application/json' })).rows[0].n) - firsts;
  },
};
