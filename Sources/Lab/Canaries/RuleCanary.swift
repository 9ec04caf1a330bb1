/// One protection is taken out of the nodes: what that must break, and what it takes to see it.
struct RuleCanary: Sendable, CustomStringConvertible {
    enum Scenario: Sendable {
        case calm
        /// The nodes lose their store, again and again.
        case storeAway
        /// An empty store answers for the right one, again and again.
        case emptyStore
        /// The same with a store that an operator has accepted, in place of an epoch that no node had pinned.
        case acceptedElsewhere
        /// The daemon starts again on an empty directory.
        case emptiedDirectory
        /// The daemon starts again while its wall clock is a year ahead.
        case restartOnWrongClock
        /// A node starts again, and finds an empty store.
        case restartOntoEmptyStore
        /// The store is flushed, and a node starts again.
        case flushed
        /// Minutes pass in a moment, for daemon and nodes alike.
        case timePasses
    }

    /// What is wrong with one of the nodes from the start, whether its protections are there or not.
    enum Oddity: Sendable {
        /// It is told another label than the denylist's terms say.
        case otherLabel
        /// Its own tokens live shorter than others'.
        case shorterLifetimes
        /// It has read the terms before they grew: all nodes have.
        case olderTerms
        case fastClock
        case slowClock

        /// What its clock is ahead of the others', in milliseconds.
        var ahead: Int64 {
            switch self {
            case .fastClock: 100_000
            case .slowClock: -200_000
            case .otherLabel, .shorterLifetimes, .olderTerms: 0
            }
        }
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
    var oddity: Oddity?
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

    var description: String {
        let circumstances = [scenario == .calm ? nil : "\(scenario)", oddity.map { "\($0)" }].compactMap { $0 }
        return "\(weakness) → \(sign)" + (circumstances.isEmpty ? "" : " (\(circumstances.joined(separator: ", ")))")
    }

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

    /// No cut-offs: one of them would refuse what a lost revocation of a session lets through, and tokens that expired
    /// long ago, too.
    private static let withoutCutOffs = changed {
        $0.logOutsEverywhere = 0
        $0.administered = .init(sessions: 1_000, subjects: 0, clients: 0)
        ($0.guests.logOutsEverywhere, $0.guests.administeredSubjects, $0.guests.administeredKeys) = (0, 0, 0)
    }

    private static let pastAlone = changed {
        $0 = withoutCutOffs
        ($0.guests.wrongTimes, $0.guests.stolenKeys) = (3_000, 0)
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
        RuleCanary(weakness: .ignoresTerms, sign: .broken(.session), oddity: .otherLabel),
        RuleCanary(
            weakness: .ignoresTerms, sign: .broken(.session), scenario: .timePasses, oddity: .shorterLifetimes,
            mix: withoutCutOffs, accessTokenLifetime: 86_400, sidesPerSecond: 0),
        RuleCanary(
            weakness: .ignoresTermsOfWrites, sign: .broken(.subject), oddity: .olderTerms,
            mix: changed { ($0.guests.requests, $0.guests.logOutsEverywhere) = (7_000, 500) }, guests: 10),
        RuleCanary(weakness: .needsNoAcceptance, sign: .broken(.session), scenario: .emptyStore),
        RuleCanary(
            weakness: .needsNoAcceptance, sign: .broken(.session), scenario: .emptiedDirectory,
            mix: withoutCutOffs, sidesPerSecond: 0),
        RuleCanary(weakness: .believesOthersAcceptances, sign: .broken(.session), scenario: .acceptedElsewhere),
        RuleCanary(
            weakness: .keepsNoState, sign: .broken(.session), scenario: .restartOntoEmptyStore,
            mix: withoutCutOffs, sidesPerSecond: 0),
        RuleCanary(
            weakness: .pinsUnaccepted, sign: .broken(.session), scenario: .flushed,
            mix: withoutCutOffs, sidesPerSecond: 0),
        RuleCanary(
            weakness: .losesGuardedTime, sign: .broken(.session), scenario: .restartOnWrongClock,
            mix: withoutCutOffs, sidesPerSecond: 0),
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
            weakness: .ignoresSkew, sign: .broken(.future), oddity: .fastClock,
            mix: changed { $0.guests.wrongTimes = 3_000 }, guests: 10),
        RuleCanary(
            weakness: .trustsOwnClock, sign: .broken(.expiry), oddity: .slowClock, mix: pastAlone, guests: 10,
            sidesPerSecond: 0),
        RuleCanary(
            weakness: .believesStrangersKeys, sign: .broken(.unknownKey),
            mix: changed { $0.guests.unknownKeys = 1_000 }, guests: 10),
        RuleCanary(
            weakness: .acceptsLongLived, sign: .broken(.lifetime), mix: changed { $0.guests.wrongTimes = 3_000 },
            guests: 10),
        RuleCanary(
            weakness: .keepsWithdrawnKeys, sign: .broken(.withdrawnKey),
            // Its tokens must not be revoked otherwise before every node has to refuse them.
            mix: changed {
                $0.guests = NodeLoadMix.GuestMix(
                    requests: 5_000, logOuts: 0, logOutsEverywhere: 0, oauthRevocations: 0, administeredSessions: 0,
                    administeredSubjects: 0, administeredKeys: 0, stolenKeys: 0, unknownKeys: 0, wrongTimes: 0)
            }, guests: 10, sidesPerSecond: 0),
        RuleCanary(weakness: .hasNoStore, sign: .unavailability),
    ]

    /// One for each kind of load: calm, without a store, with another one, with other issuers, with a clock that is
    /// wrong.
    static let scenarios = all.filter {
        [.ignoresSessions, .ignoresLogInTime, .knowsForTooLong, .needsNoAcceptance, .ignoresSkew].contains($0.weakness)
            && $0.scenario != .emptiedDirectory
    }
}
