// SPDX-License-Identifier: Apache-2.0
// Node-RED: messages in memory and no record of runs. What it costs when nothing is kept.
import fs from 'node:fs';
import path from 'node:path';
import { DATA, folder, request, sizeMB, start, stop, until, version } from './common.mjs';

const PORT = 19107;
const data = path.join(DATA, 'nodered');
let server;

function flows() {
  const chain = Array.from({ length: 10 }, (_, i) => ({ id: `n${i}`, type: 'function', z: 'tab', func: 'return msg;', outputs: 1, wires: [[i < 9 ? `n${i + 1}` : 'out']] }));
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'in', type: 'http in', z: 'tab', url: '/chain', method: 'post', wires: [['n0']] }, ...chain,
    { id: 'out', type: 'http response', z: 'tab', statusCode: '200', wires: [] },
    { id: 'fan1', type: 'http in', z: 'tab', url: '/fan', method: 'post', wires: [['fan2']] },
    { id: 'fan2', type: 'split', z: 'tab', splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len', wires: [['fan3']], property: 'payload' },
    { id: 'fan3', type: 'function', z: 'tab', func: 'return msg;', outputs: 1, wires: [['fan4']] },
    { id: 'fan4', type: 'join', z: 'tab', mode: 'auto', build: 'array', property: 'payload', propertyType: 'msg', wires: [['out']] },
  ];
}

export default {
  settings: 'nothing durable: messages in memory, no record of runs',
  version: () => `node-red ${version('nodered', 'node-red')}`,
  sizeMB: () => sizeMB(folder('nodered')),
  async setup() {
    fs.rmSync(data, { recursive: true, force: true });
    fs.mkdirSync(data, { recursive: true });
    fs.writeFileSync(path.join(data, 'flows.json'), JSON.stringify(flows()));
    fs.writeFileSync(path.join(data, 'settings.js'), `module.exports = { uiHost: '127.0.0.1', uiPort: ${PORT}, flowFile: 'flows.json', telemetry: { enabled: false }, logging: { console: { level: 'warn' } } };`);
  },
  async start() {
    server = start(process.execPath, [folder('nodered', 'node-red/red.js'), '-u', data, '-s', path.join(data, 'settings.js')], { NODE_ENV: 'production' }, 'nodered.log');
    await until(() => request('POST', PORT, '/chain', {}), 'the server', 60000, 10);
  },
  stop: () => stop(server),
  pids: () => [server.pid],
  chain: () => request('POST', PORT, '/chain', {}),
  fan: (id, width) => request('POST', PORT, '/fan', Array.from({ length: width }, (_, i) => i)),
};
