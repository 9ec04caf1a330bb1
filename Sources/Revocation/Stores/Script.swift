import Crypto

/// A Lua script for stock servers, which do not merge writes (WireContract.md, *Revoking*).
struct Script: Sendable {
    let text: String
    /// SHA-1 in lower-case hexadecimal, the name of the script on a server.
    let digest: String

    private init(_ text: String) {
        self.text = text
        digest = Insecure.SHA1.hash(data: Array(text.utf8))
            .map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// Sets a cut-off unless a later one is held. Never shortens the lifetime of the key. Arguments: the cut-off,
    /// seconds to live.
    static let raiseCutOff = Script(
        """
        local value = ARGV[1]
        local held = redis.call('GET', KEYS[1])
        if held and #held <= 18 and string.match(held, '^%d+$') and tonumber(held) > tonumber(value) then
          value = held
        end
        local milliseconds = redis.call('PTTL', KEYS[1])
        if milliseconds == -1 then return redis.call('SET', KEYS[1], value) end
        return redis.call('SET', KEYS[1], value, 'PX', math.max(milliseconds, tonumber(ARGV[2]) * 1000))
        """)

    /// `SET … NX GET EX`, which servers before Redis 7.0 refuse. Arguments: the value, seconds to live.
    static let claim = Script(
        """
        local held = redis.call('GET', KEYS[1])
        if not held then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
        return held
        """)

    /// Replaces a value if it is still the expected one. So new terms never drop what another process added meanwhile.
    /// Arguments: the expected value, the new one.
    static let exchange = Script(
        """
        local held = redis.call('GET', KEYS[1])
        if not held or held == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
        return redis.status_reply('OK')
        """)

    /// `SET … IFEQ … EX`, which servers before Redis 8.4 do not have. Arguments: the expected value, the new one,
    /// seconds to live.
    static let exchangeExpiring = Script(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
        return redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
        """)

    enum Form { case digest, text }

    func command(_ form: Form, key: String, arguments: [String]) -> Command {
        switch form {
        case .digest: Command("EVALSHA", [digest, "1", key] + arguments)
        case .text: Command("EVAL", [text, "1", key] + arguments)
        }
    }
}

extension Reply {
    /// Whether a server does not have a script.
    var isMissingScript: Bool {
        if case .error(let text) = self { text.starts(with: "NOSCRIPT".utf8) } else { false }
    }
}
