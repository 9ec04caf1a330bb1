<?php
// Laravel's cache and locks, over phpredis and over predis; its database 1, as Laravel has it.
require_once 'Illuminate/Redis/autoload.php';
require_once 'Illuminate/Cache/autoload.php';
require_once 'Predis/Autoloader.php';
Predis\Autoloader::register();

foreach (['phpredis', 'predis'] as $driver) {
    $server = ['host' => '127.0.0.1', 'port' => (int) $argv[1], 'database' => 1];
    $redis = new Illuminate\Redis\RedisManager(null, $driver, ['default' => $server, 'options' => ['prefix' => 'laravel:']]);
    $store = new Illuminate\Cache\RedisStore($redis, 'cache:');
    $cache = new Illuminate\Cache\Repository($store);
    $other = new Illuminate\Cache\RedisStore($redis, 'other:');

    assert($cache->put('a', ['x' => [1]], 60) && $cache->get('a') === ['x' => [1]]);
    assert($cache->add('b', 'first', 60) === true && $cache->add('b', 'second', 60) === false);
    assert($cache->get('b') === 'first');
    assert($cache->forever('f', 1) && $cache->many(['a', 'none']) === ['a' => ['x' => [1]], 'none' => null]);
    assert($cache->putMany(['x' => 1, 'y' => 2], 60) && $cache->get('y') == 2);
    assert($cache->increment('n', 3) == 3 && $cache->decrement('n') == 2);
    assert($cache->remember('r', 60, fn () => 'made') === 'made' && $cache->pull('r') === 'made' && !$cache->has('r'));
    assert($cache->forget('a') && !$cache->has('a'));

    $lock = $store->lock('lock', 10);
    assert($lock->get() === true && $store->lock('lock', 10)->get() === false);
    assert($lock->release() === true && $store->lock('lock', 10)->get() === true);
    $store->lock('lock')->forceRelease();
    assert($store->lock('lock', 10)->get(fn () => 'inside') === 'inside');

    $connection = $redis->connection();
    $connection->transaction(function ($transaction) {
        $transaction->set('t', 1);
        $transaction->incr('t');
    });
    assert($connection->get('t') == 2);

    $other->put('kept', 1, 60);
    $cache->clear();
    assert($cache->get('b') === null);
}
