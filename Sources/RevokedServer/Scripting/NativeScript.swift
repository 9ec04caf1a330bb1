/// A well-known Lua script, executed natively: clients send it by its text or by the SHA-1 of it.
///
/// It does what the script does, by the same commands: the rules of guarded keys and of users hold for each of them.
struct NativeScript: Sendable {
    typealias Words = [[UInt8]]
    /// Executes a command.
    typealias Call = (Words) throws(ScriptFailure) -> ScriptValue
    typealias Body = @Sendable (_ keys: Words, _ arguments: Words, _ call: Call) throws(ScriptFailure) -> ScriptValue

    let name: String
    /// How many arguments it takes, at least. All take one key, and some more.
    let argumentCount: Int
    let takesSeveralKeys: Bool
    let isReadOnly: Bool
    let body: Body

    init(
        _ name: String, arguments: Int, takesSeveralKeys: Bool = false, isReadOnly: Bool = false, _ body: @escaping Body
    ) {
        self.name = name
        argumentCount = arguments
        self.takesSeveralKeys = takesSeveralKeys
        self.isReadOnly = isReadOnly
        self.body = body
    }

    func takes(keys: Int, arguments: Int) -> Bool {
        keys >= 1 && (takesSeveralKeys || keys == 1) && arguments >= argumentCount
    }

    /// By the SHA-1 of the text, in lower-case hexadecimal.
    static let known: [String: NativeScript] = [
        // Laravel, `Illuminate\Cache\LuaScripts` and `RedisStore`.
        "a08c9c69b7c07ae2485190873b90d128a23e502d": add,
        "647c65a442733a1aa440f99908d249d13b4d6c4a": release,
        "d5f94f1848f0c54fff99d99dbc4d54184a157c02": refreshOrPersist,
        // django-redis, `DefaultClient.incr`; and where the key need not be there.
        "f4a7da3e5d8ea3b46642af08427151cae0190400": countIfThere,
        "4d15273b16b10c15e1d9202cbe93c959ab7d250b": count,
        // The manual of Redis, `SET`; and on one line, as many have it.
        "bd75051e9049411d4a96c0df196ac2667d38f481": release,
        "b70c2384248f88e6b75b9f89241a180f856ad852": release,
        // redis-py, `redis.lock.Lock`.
        "c3f8721cbb97f72bc19e972846bd7aaf91901658": release,
        "a4e8783852e6b949f9ef3a97212805108459a890": extend,
        "1cac51482acf5858da00f6d685d68f886cd6b6b2": reacquire,
        // bsm/redislock before 0.9.
        "cf0e94b2e9ffc7e04395cf88f7583fc309985910": release,
        "a7aba3bc5d6e99b3003da8b9d80a63b9f4092ecf": refresh,
        "6484da7d58920897fdc22b7f9afd1a3d47524ea8": timeLeft,
        // bsm/redislock from 0.9 on: `obtain.lua`, `release.lua`, `refresh.lua`, `pttl.lua`.
        "eb0c00d98f6f33b4262419a509002884540f30be": obtainAll,
        "9470c810040e272ee6c579d8d4331aaf6332a7b1": releaseAll,
        "5a22d7e8431313862816d4416b5e46dd70fc340d": refreshAll,
        "66e1084c2d842a7e8c271925aae90219fac4e129": shortestTimeLeft,
        // redlock-rb, `Redlock::Scripts`; and as 1.2.1 and older releases have them.
        "ceb2b2062e40c51a2b3963fd078bc71f11bdc65c": lockOrExtend,
        "8e4905cee18e7c3188d10f2b8b170e403baed34f": release,
        "78d2ca48a6dc9ef6892059792a3a0c5237733d64": valueAndTimeLeft,
        "a90bf4be8a6e440e3cc24540eb2f9ff1e16fbcc3": lockOrExtend,
        "963db4d9f0ccfdb859098be0b29f8b41dc02ed97": release,
        "cd1ae9bb543136ebc0a80a277cd59a7cec83b296": valueAndTimeLeft,
        // Our own client, for stock servers: `Script` in `Sources/Revocation/Stores`.
        "28d077833ce8087391082182fd29d7d665f63e7f": raiseCutOff,
        "8d39072e6510162d71503171692d655669a08399": claim,
        "6faaca4e465cf635dac3f1cb1d0fdac9c33550d3": exchange,
    ]
}
