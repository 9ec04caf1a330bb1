// node-redis: transactions, push messages, iteration.
const { createClient, commandOptions, WatchError } = require('redis');
const assert = require('assert');

async function main() {
  const socket = { host: '127.0.0.1', port: Number(process.argv[2]) };
  const client = createClient({ socket, database: 1 });
  client.on('error', (error) => { throw error; });
  await client.connect();
  await client.set('a', '1', { EX: 60, NX: true });
  assert.equal(await client.set('a', '2', { NX: true }), null);
  assert.deepEqual(await client.multi().incr('a').get('a').ttl('a').exec(), [2, '2', 60]);
  assert.deepEqual(await client.mGet(['a', 'b']), ['2', null]);
  await client.mSet({ x: '1', y: '2' });
  const found = new Set();
  for await (const key of client.scanIterator()) found.add(key);
  assert.deepEqual([...found].sort(), ['a', 'x', 'y']);

  const refused = client.executeIsolated(async (isolated) => {
    await isolated.watch('a');
    await client.set('a', '9');
    return isolated.multi().set('a', '10').exec();
  });
  await assert.rejects(refused, WatchError);
  assert.equal(await client.get('a'), '9');

  const subscriber = client.duplicate();
  await subscriber.connect();
  const message = new Promise((resolve) => subscriber.subscribe('news', resolve));
  const pattern = new Promise((resolve) => subscriber.pSubscribe('n*', (text, channel) => resolve([channel, text])));
  while (await client.publish('news', 'hello') < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(await message, 'hello');
  assert.deepEqual(await pattern, ['news', 'hello']);
  await subscriber.unsubscribe('news');
  await subscriber.quit();

  assert.equal(await client.getDel('x'), '1');
  assert.equal((await client.get(commandOptions({ returnBuffers: true }), 'y')).toString(), '2');
  await client.flushDb();
  assert.equal(await client.dbSize(), 0);
  await client.quit();
}

main().catch((error) => { console.error(error); process.exit(1); });
