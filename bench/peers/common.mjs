// SPDX-License-Identifier: Apache-2.0
// What the driver and the peers share: processes and what they use, percentiles, requests.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

export const CACHE = process.env.PEERS_CACHE; // node_modules of a peer are in CACHE/PEER
export const DATA = process.env.PEERS_DATA; // on the disk that is measured

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const now = () => Number(process.hrtime.bigint()) / 1e6;
export const round = (value, digits = 2) => Number(value.toFixed(digits));
export const folder = (peer, ...rest) => path.join(CACHE, peer, 'node_modules', ...rest);

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] : NaN;
}

export const version = (peer, name) => JSON.parse(fs.readFileSync(folder(peer, name, 'package.json'))).version;

// A module of a peer's own node_modules.
export const load = (peer, name) => import(pathToFileURL(createRequire(path.join(CACHE, peer, 'package.json')).resolve(name)));

export const sizeMB = (file) => Number(execFileSync('du', ['-sm', file]).toString().split('\t')[0]);

// ---- processes ----

export function start(command, args, env, log) {
  const out = fs.openSync(path.join(DATA, log), 'a');
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', out, out] });
  child.exited = new Promise((resolve) => child.on('exit', resolve));
  child.on('error', (error) => console.error(command, error.message));
  fs.closeSync(out);
  return child;
}

export async function stop(child, ms = 20000) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  if (!await Promise.race([child.exited.then(() => true), sleep(ms).then(() => false)])) {
    child.kill('SIGKILL');
    await child.exited;
  }
}

function stat(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

// A process and all below it.
export function tree(roots) {
  const children = new Map();
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = Number(stat(pid)[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
    } catch { /* it has ended */ }
  }
  const all = [], todo = [...roots];
  while (todo.length) {
    const pid = todo.pop();
    all.push(pid);
    todo.push(...(children.get(pid) ?? []));
  }
  return all;
}

// User and system seconds of the trees, children that were waited for included.
export function cpuSeconds(roots) {
  let ticks = 0;
  for (const pid of tree(roots)) {
    try {
      ticks += stat(pid).slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch { /* it has ended */ }
  }
  return ticks / 100;
}

export function memoryMB(roots) {
  const sum = { rss: 0, pss: 0 };
  for (const pid of tree(roots)) {
    try {
      const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
      sum.rss += Number(/^Rss:\s+(\d+)/m.exec(text)[1]) / 1024;
      sum.pss += Number(/^Pss:\s+(\d+)/m.exec(text)[1]) / 1024;
    } catch { /* it has ended */ }
  }
  return sum;
}

export class PeakMemory {
  constructor(roots) {
    this.roots = roots;
    this.peak = { rss: 0, pss: 0 };
    this.timer = setInterval(() => this.look(), 500);
    this.look();
  }

  look() {
    const found = memoryMB(this.roots);
    for (const name of ['rss', 'pss']) this.peak[name] = Math.max(this.peak[name], found[name]);
  }

  stop() {
    this.look();
    clearInterval(this.timer);
    return this.peak;
  }
}

// Bytes that have been written to the block device below DATA, everybody's.
export function deviceBytes() {
  execFileSync('sync');
  const device = execFileSync('stat', ['-c', '%Hd %Ld', DATA]).toString().trim();
  for (const line of fs.readFileSync('/proc/diskstats', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (`${fields[0]} ${fields[1]}` === device) return Number(fields[9]) * 512;
  }
  return NaN;
}

// ---- requests ----

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

export function request(method, port, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const all = { ...headers };
    if (text !== undefined) Object.assign(all, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    const sent = http.request({ host: '127.0.0.1', port, path, method, agent, headers: all }, (answer) => {
      let got = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => { got += piece; });
      answer.on('end', () => (answer.statusCode < 400 ? resolve(got) : reject(new Error(`${answer.statusCode} ${got.slice(0, 300)}`))));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

export async function until(condition, what, ms = 60000, every = 5) {
  for (const begun = now(); ;) {
    try {
      const value = await condition();
      if (value) return value;
    } catch { /* asked again */ }
    if (now() - begun > ms) throw new Error(`timeout: ${what}`);
    await sleep(every);
  }
}

// `count` pieces of work, `most` of them at once.
export async function inFlight(count, most, work) {
  let begun = 0;
  await Promise.all(Array.from({ length: Math.min(most, count) }, async () => { while (begun < count) await work(begun++); }));
}
