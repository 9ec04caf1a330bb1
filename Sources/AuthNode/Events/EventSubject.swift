/// Whom or what a security event is about: a subject identifier (RFC 9493 §3), or several of one principal (SSF 1.0
/// §3.3).
indirect enum EventSubject: Sendable, Equatable {
    /// `iss_sub`
    case user(issuer: String, subject: String)
    /// A format with one value: `email`, `phone_number`, `account`, `uri`, `did`, `opaque`.
    case identifier(format: String, value: String)
    /// `jwt_id`
    case token(issuer: String, identifier: String)
    /// Names of the same subject.
    case aliases([EventSubject])
    /// `complex`: its user and its session. A receiver ignores members that it cannot tell apart, such as a device.
    case complex(user: EventSubject?, session: EventSubject?)
    /// A format that is unknown here.
    case unsupported

    /// The most names of a subject.
    private static let maximumAliases = 16
}

extension EventSubject: Decodable {
    private enum CodingKeys: String, CodingKey {
        case format, iss, sub, id, email, uri, url, jti, identifiers, user, session
        case phoneNumber = "phone_number"
        /// The name of ``format`` before RFC 9493, which Google's transmitter still uses.
        case subjectType = "subject_type"
    }

    /// The member that holds the value of a format.
    private static let values: [String: CodingKeys] = [
        "email": .email, "phone_number": .phoneNumber, "account": .uri, "uri": .uri, "did": .url, "opaque": .id,
    ]

    init(from decoder: any Decoder) throws {
        try self.init(from: decoder, mayBeNested: true)
    }

    /// - Parameter mayBeNested: whether it may have others within; these may not (RFC 9493 §3.2.8).
    private init(from decoder: any Decoder, mayBeNested: Bool) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String {
            let text = try container.decode(String.self, forKey: key)
            guard !text.isEmpty else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "it is empty")
            }
            return text
        }
        let format = try container.decodeIfPresent(String.self, forKey: .format)
        let name =
            try format ?? container.decode(String.self, forKey: .subjectType).replacing("-", with: "_")
        switch name {
        case "iss_sub":
            self = .user(issuer: try text(.iss), subject: try text(.sub))
        case "jwt_id":
            self = .token(issuer: try text(.iss), identifier: try text(.jti))
        case "aliases" where mayBeNested:
            let names = try container.decode([Nested].self, forKey: .identifiers)
            guard (1...Self.maximumAliases).contains(names.count) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .identifiers, in: container, debugDescription: "none, or too many")
            }
            self = .aliases(names.map(\.subject))
        case "complex" where mayBeNested:
            self = .complex(
                user: try container.decodeIfPresent(Nested.self, forKey: .user)?.subject,
                session: try container.decodeIfPresent(Nested.self, forKey: .session)?.subject)
        default:
            self =
                if let key = Self.values[name] { .identifier(format: name, value: try text(key)) } else { .unsupported }
        }
    }

    private struct Nested: Decodable {
        let subject: EventSubject

        init(from decoder: any Decoder) throws {
            subject = try EventSubject(from: decoder, mayBeNested: false)
        }
    }
}
