// SPDX-License-Identifier: Apache-2.0
// Runs the workloads on one peer and prints a line of JSON for each: node driver.mjs PEER W1,W2,... {"n2": 2000, ...}
//
// A peer is a module whose default export has
//   settings, version(), sizeMB()
//   setup() start() stop() kill()    fresh data; resolves when it answers; gracefully; SIGKILL
//   pids()                           roots of all its processes on the server's side
//   chain(id) fan(id, width)         resolve when the end of a run is durable and known to the client
//   submit(id) completed()           resolves when a chain is durably accepted; how many have completed
import process from 'node:process';
import { PeakMemory, cpuSeconds, deviceBytes, inFlight, memoryMB, now, percentile, round, sleep, until } from './common.mjs';

const [name, parts, options] = process.argv.slice(2);
const how = { warm: 20, n1: 200, n2: 2000, n3: 20, n5: 10000, inflight: 64, width: 200, seconds5: 60, ...JSON.parse(options ?? '{}') };
const peer = (await import(`./${name.split('@')[0]}.mjs`)).default;
let runs = 0;
const id = () => `${process.pid}-${runs++}`;
const tell = (record) => console.log(JSON.stringify({ peer: name, ...record }));

const times = (values) => ({ runs: values.length, p50_ms: round(percentile(values, 0.5)), p99_ms: round(percentile(values, 0.99)) });

async function timed(work) {
  const begun = now();
  await work();
  return now() - begun;
}

async function oneAtATime(count, work) {
  const taken = [];
  for (let i = 0; i < how.warm; i++) await work();
  for (let i = 0; i < count; i++) taken.push(await timed(work));
  return times(taken);
}

const workloads = {
  async W1() { return oneAtATime(how.n1, () => peer.chain(id())); },

  async W2() {
    const bytes = deviceBytes(), cpu = cpuSeconds(peer.pids()), own = process.cpuUsage(), memory = new PeakMemory(peer.pids());
    const taken = [];
    const ms = await timed(() => inFlight(how.n2, how.inflight, async () => { taken.push(await timed(() => peer.chain(id()))); }));
    const peak = memory.stop(), steps = how.n2 * 10, driver = process.cpuUsage(own);
    return { ...times(taken), steps_per_s: round(steps / ms * 1000, 0), cpu_s_per_1000_steps: round((cpuSeconds(peer.pids()) - cpu) / steps * 1000, 3),
      driver_cpu_s_per_1000_steps: round((driver.user + driver.system) / 1e6 / steps * 1000, 3), peak_rss_mb: round(peak.rss, 0),
      peak_pss_mb: round(peak.pss, 0), device_bytes_per_step: round((deviceBytes() - bytes) / steps, 0) };
  },

  async W3() { return oneAtATime(how.n3, () => peer.fan(id(), how.width)); },

  async W4() {
    await peer.chain(id());
    await sleep(5000);
    const idle = memoryMB(peer.pids()), starts = [];
    for (let i = 0; i < 3; i++) {
      await peer.stop();
      starts.push(await timed(() => peer.start()));
    }
    return { idle_rss_mb: round(idle.rss, 1), idle_pss_mb: round(idle.pss, 1), start_ms: round(percentile(starts, 0.5), 1), installed_mb: peer.sizeMB() };
  },

  async W5() {
    if (!peer.submit) return { note: 'nothing is durable' };
    const before = await peer.completed();
    let accepted = 0, over = false;
    const submitting = inFlight(how.n5, how.inflight, async () => {
      for (const mine = id(); !over;) {
        try {
          await peer.submit(mine);
          accepted++;
          return;
        } catch { await sleep(5); }
      }
    });
    await until(async () => (await peer.completed()) - before >= how.n5 / 2, 'half of them done', 120000, 5);
    await peer.kill();
    const begun = now();
    await peer.start();
    const answers = now() - begun;
    let done = 0;
    while (done < how.n5 && now() - begun < how.seconds5 * 1000) {
      await sleep(10);
      done = (await peer.completed().catch(() => before)) - before;
    }
    const all = now() - begun;
    over = true;
    await submitting;
    return { runs: how.n5, accepted, completed: done, lost: Math.max(0, accepted - done), answers_ms: round(answers, 0), all_done_ms: round(all, 0) };
  },
};

try {
  await peer.setup();
  const ms = await timed(() => peer.start());
  tell({ workload: 'start', version: peer.version(), settings: peer.settings, first_start_ms: round(ms, 0) });
  for (const workload of parts.split(',')) tell({ workload, ...await workloads[workload]() });
} catch (error) {
  tell({ workload: 'error', error: String(error?.stack ?? error).slice(0, 1500) });
  process.exitCode = 1;
} finally {
  await peer.stop();
  process.exit();
}
