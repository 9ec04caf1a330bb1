import RevocationHTTP

/// The claims of a security event token (RFC 8417 §2.2) as Shared Signals has them (SSF 1.0 §4), beside those that
/// every token has.
struct SecurityEventClaims: Sendable, Equatable, Decodable {
    static func profile(audiences: [String]) -> TokenProfile {
        var profile = TokenProfile(types: ["secevent+jwt"], audiences: audiences)
        profile.forbiddenClaims = ["sub", "exp"]
        profile.claimNames.clients = []
        profile.times = .message(needsExpiry: false, maximumAge: EventIntake.maximumAge)
        return profile
    }

    struct Event: Sendable, Equatable {
        let type: String
        /// `change_type` of a credential.
        let change: String?
        /// `state` of a verification.
        let state: String?
        /// `status` of a stream.
        let status: String?
        /// nil if there is none, or none that can be read.
        fileprivate(set) var subject: EventSubject?

        /// The new status of the stream, if the event tells of it and the status has a meaning (SSF 1.0 §8.1.2.1).
        var streamStatus: String? {
            guard type == EventTable.streamUpdated, let status else { return nil }
            return ["enabled", "paused", "disabled"].contains(status) ? status : nil
        }
    }

    /// At least one, by type. Several are names of one event (SSF 1.0 §4.2.1).
    let events: [Event]

    private enum CodingKeys: String, CodingKey {
        case events
        case subject = "sub_id"
    }

    /// - Throws: `DecodingError` unless `events` is an object of objects.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // Of an event that changes nothing here it may be anything.
        let subject = try? container.decodeIfPresent(EventSubject.self, forKey: .subject)
        events = try container.decode(Events.self, forKey: .events).all.map { event in
            var event = event
            event.subject = subject ?? event.subject
            return event
        }
    }

    private struct Events: Decodable {
        /// The most events of a token.
        private static let maximumCount = 16

        let all: [Event]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: EventName.self)
            guard (1...Self.maximumCount).contains(container.allKeys.count) else {
                throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no event, or too many"))
            }
            all = try container.allKeys.map {
                try Event(type: $0.stringValue, from: container.superDecoder(forKey: $0))
            }
            .sorted { $0.type < $1.type }
        }
    }
}

extension SecurityEventClaims.Event {
    private enum CodingKeys: String, CodingKey {
        case state, status, subject
        case change = "change_type"
    }

    fileprivate init(type: String, from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) -> String? { try? container.decodeIfPresent(String.self, forKey: key) }
        self.type = type
        change = text(.change)
        state = text(.state)
        status = text(.status)
        subject = try? container.decodeIfPresent(EventSubject.self, forKey: .subject)
    }
}
