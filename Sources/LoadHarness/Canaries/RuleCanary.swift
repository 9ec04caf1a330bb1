/// One protection is taken out of the nodes: what that must break, and what it takes to see it.
struct RuleCanary: Sendable, CustomStringConvertible {
    enum Scenario: Sendable {
        case calm
        /// The nodes lose their store, again and again.
        case storeAway
        /// An empty store answers for the right one, again and again.
        case emptyStore
    }

    /// What shows.
    enum Sign: Sendable, Equatable {
        case broken(Rule)
        case falseRejection
        case unavailability
    }

    let weakness: Weakness
    let sign: Sign
    var scenario = Scenario.calm
    var policy = RoutePolicy.deny
    var mix = RuleCanary.mix
    /// In seconds.
    var accessTokenLifetime = 900
    /// Users of other issuers; 0 for no other issuers.
    var guests = 0
    /// What the library revokes and asks, a second; 0 leaves it out.
    var sidesPerSecond = 20.0

    /// How long it may take to show. Unavailability is judged when the load ends.
    var patience: Duration { sign == .unavailability ? .seconds(5) : .seconds(50) }

    var description: String { "\(weakness) → \(sign)" }

    /// Changes and revocations one after the other, many questions about what was revoked.
    private static var mix: NodeLoadMix {
        var mix = NodeLoadMix()
        mix.revokedTokens = 3_000
        mix.refreshes = 300
        mix.logOuts = 150
        mix.oauthRevocations = 50
        mix.logOutsEverywhere = 150
        mix.logOutsElsewhere = 0
        mix.reuses = 100
        mix.races = 100
        mix.administered = .init(sessions: 300, subjects: 300, clients: 100)
        mix.introspections = 500
        return mix
    }

    private static func changed(_ change: (inout NodeLoadMix) -> Void) -> NodeLoadMix {
        var mix = mix
        change(&mix)
        return mix
    }

    /// Every rule, by the protection that it rests on.
    static let all: [RuleCanary] = [
        RuleCanary(weakness: .ignoresTokens, sign: .broken(.token)),
        RuleCanary(weakness: .ignoresSessions, sign: .broken(.session)),
        RuleCanary(weakness: .ignoresSubjects, sign: .broken(.subject)),
        RuleCanary(weakness: .ignoresClients, sign: .broken(.client)),
        RuleCanary(weakness: .ignoresAll, sign: .broken(.all)),
        RuleCanary(weakness: .ignoresKeys, sign: .broken(.key), guests: 10),
        RuleCanary(weakness: .acknowledgesUnwritten, sign: .broken(.session)),
        RuleCanary(weakness: .writesElsewhere, sign: .broken(.session)),
        RuleCanary(
            weakness: .ignoresLead, sign: .broken(.subject),
            mix: changed { ($0.guests.requests, $0.guests.logOutsEverywhere) = (5_000, 300) }, guests: 10),
        RuleCanary(weakness: .replacesCutOffs, sign: .broken(.subject)),
        RuleCanary(weakness: .readsTimeEarly, sign: .broken(.subject)),
        RuleCanary(weakness: .believesAnyEpoch, sign: .broken(.session), scenario: .emptyStore),
        RuleCanary(
            weakness: .knowsForTooLong, sign: .broken(.lastKnownBound), scenario: .storeAway,
            policy: .lastKnown(200_000_000)),
        RuleCanary(
            weakness: .forgetsOwnRevocations, sign: .broken(.lastKnownLocal), scenario: .storeAway,
            policy: .lastKnown(20_000_000_000)),
        RuleCanary(
            weakness: .ignoresLogInTime, sign: .broken(.subject),
            mix: changed { ($0.refreshes, $0.logOutsEverywhere, $0.logOuts) = (3_000, 1_000, 0) }),
        RuleCanary(weakness: .mintsBehindCutOffs, sign: .falseRejection),
        RuleCanary(weakness: .rotatesInTwoSteps, sign: .broken(.rotation), mix: changed { $0.races = 1_000 }),
        RuleCanary(weakness: .sparesReusedSessions, sign: .broken(.session), mix: changed { $0.reuses = 1_000 }),
        RuleCanary(
            weakness: .acceptsAnyPassword, sign: .broken(.password), mix: changed { $0.logOutsElsewhere = 500 }),
        RuleCanary(
            weakness: .acceptsRefreshTokens, sign: .broken(.kind), mix: changed { $0.wrongKinds = 500 }),
        RuleCanary(
            weakness: .trustsFastClock, sign: .broken(.future), mix: changed { $0.guests.wrongTimes = 3_000 },
            guests: 10),
        RuleCanary(
            weakness: .acceptsLongLived, sign: .broken(.lifetime), mix: changed { $0.guests.wrongTimes = 3_000 },
            guests: 10),
        RuleCanary(
            weakness: .keepsWithdrawnKeys, sign: .broken(.withdrawnKey),
            // Its tokens must not be revoked otherwise before every node has to refuse them.
            mix: changed {
                $0.guests = NodeLoadMix.GuestMix(
                    requests: 5_000, logOuts: 0, logOutsEverywhere: 0, oauthRevocations: 0, administeredSessions: 0,
                    administeredSubjects: 0, wrongTimes: 0)
            }, guests: 10, sidesPerSecond: 0),
        RuleCanary(weakness: .hasNoStore, sign: .unavailability),
    ]

    /// One for each kind of load: calm, without a store, with another one, with other issuers.
    static let scenarios = all.filter {
        [.ignoresSessions, .ignoresLogInTime, .knowsForTooLong, .believesAnyEpoch, .trustsFastClock].contains(
            $0.weakness)
    }
}
