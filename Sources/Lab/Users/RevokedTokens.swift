/// Revoked tokens that are presented again: the latest at once, some at any time, many around their expiry, and at the
/// end all that remain. Bounded.
struct RevokedTokens {
    /// How often a token is asked for right after its revocation.
    private static let urgency = 6
    /// Revoked so much earlier than the others that the moment has passed.
    private static let latestCapacity = 256
    private static let capacity = 20_000
    private static let auditCapacity = 200_000
    /// How long before and after its expiry a token is asked for most, in nanoseconds.
    private static let expiryWindow: Int64 = 2_500_000_000

    private var latest: [(token: TokenRecord, times: Int)] = []
    private var ring: [TokenRecord] = []
    private var next = 0
    /// In the order of their revocation, which is nearly that of their expiry.
    private var waiting: [TokenRecord] = []
    private var waitingFrom = 0
    private var expiring: [TokenRecord] = []
    /// What is asked for at the end: the first so many, and from then on a random choice of all.
    private(set) var all: [TokenRecord] = []
    private var seen = 0

    mutating func add(_ token: TokenRecord, random: inout Random) {
        if token.kind == .access {
            latest.append((token, Self.urgency))
            if latest.count > Self.latestCapacity { latest.removeFirst() }
            waiting.append(token)
        }
        if ring.count < Self.capacity { ring.append(token) } else { ring[next] = token }
        next = (next + 1) % Self.capacity
        seen += 1
        if all.count < Self.auditCapacity {
            all.append(token)
        } else {
            let place = Int(random.next(below: UInt64(seen)))
            if place < all.count { all[place] = token }
        }
    }

    /// The one whose revocation was acknowledged most recently and that was not yet asked for often enough.
    mutating func takeLatest() -> TokenRecord? {
        guard var last = latest.popLast() else { return nil }
        last.times -= 1
        if last.times > 0 { latest.append(last) }
        return last.token
    }

    func any(random: inout Random) -> TokenRecord? {
        ring.isEmpty ? nil : ring[Int(random.next(below: UInt64(ring.count)))]
    }

    /// One that is about to expire, or has just expired.
    mutating func anyExpiring(at now: Int64, random: inout Random) -> TokenRecord? {
        while waitingFrom < waiting.count, waiting[waitingFrom].expiresAt - Self.expiryWindow <= now {
            expiring.append(waiting[waitingFrom])
            waitingFrom += 1
        }
        if waitingFrom > 1024, waitingFrom * 2 > waiting.count {
            waiting.removeFirst(waitingFrom)
            waitingFrom = 0
        }
        while !expiring.isEmpty {
            let place = Int(random.next(below: UInt64(expiring.count)))
            if expiring[place].expiresAt + Self.expiryWindow > now { return expiring[place] }
            expiring.swapAt(place, expiring.count - 1)
            expiring.removeLast()
        }
        return nil
    }
}
