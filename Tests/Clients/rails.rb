# Rails' cache on database 1, its sessions' store, and rack-attack.
require 'active_support'
require 'active_support/cache'
require 'active_support/cache/redis_cache_store'
require 'active_support/notifications'
require 'rack'
require 'rack/attack'
require 'redis'

port = ARGV[0]
failures = []
cache = ActiveSupport::Cache::RedisCacheStore.new(
  url: "redis://127.0.0.1:#{port}/1", error_handler: ->(method:, returning:, exception:) { failures << exception })

def check(what, holds)
  raise what unless holds
end

check 'write', cache.write('a', { 'x' => [1] }, expires_in: 60)
check 'read', cache.read('a') == { 'x' => [1] }
check 'fetch', cache.fetch('b', expires_in: 60) { 'made' } == 'made' && cache.fetch('b') { 'not made' } == 'made'
check 'unless_exist', !cache.write('b', 'again', unless_exist: true)
check 'multi', cache.write_multi('x' => 1, 'y' => 2) && cache.read_multi('x', 'y', 'z') == { 'x' => 1, 'y' => 2 }
check 'increment', cache.increment('n', 2, expires_in: 60) == 2 && cache.decrement('n') == 1
check 'exist', cache.exist?('a') && cache.delete('a') && !cache.exist?('a')
cache.write('p:1', 1)
cache.delete_matched('p:*')
check 'delete_matched', !cache.exist?('p:1') && cache.exist?('b')

Rack::Attack.cache.store = cache
Rack::Attack.throttle('requests', limit: 2, period: 60) { |request| request.ip }
application = Rack::MockRequest.new(Rack::Attack.new(->(_) { [200, {}, ['hello']] }))
check 'throttle', 4.times.map { application.get('/', 'REMOTE_ADDR' => '192.0.2.1').status } == [200, 200, 429, 429]

redis = Redis.new(port: port, db: 2)
redis.multi { |transaction| transaction.set('a', 1); transaction.incr('a') }
check 'multi', redis.get('a') == '2'
check 'watch', redis.watch('a') { redis.multi { |transaction| transaction.set('a', 3) } } == ['OK']
redis.setex('s', 60, 'x')
check 'pipelined', redis.pipelined { |pipeline| pipeline.get('s'); pipeline.ttl('s') }[0] == 'x'

cache.clear
check 'clear', cache.read('b').nil? && redis.get('a') == '3'
raise failures.first unless failures.empty?
