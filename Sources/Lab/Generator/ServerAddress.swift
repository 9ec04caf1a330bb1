#if os(Linux)
    import CLinux
    import Glibc

    /// Where a server of the Redis protocol is, and how to come in. Its description has no password.
    struct ServerAddress: Sendable, CustomStringConvertible {
        /// The longest that a connection, and the answer to its password, may take, in seconds.
        private static let patience = 5

        var host: String
        var port: Int
        var user: [UInt8]?
        var password: [UInt8]?
        var database = 0

        var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

        static func loopback(port: Int) -> ServerAddress { ServerAddress(host: "127.0.0.1", port: port) }

        /// - Returns: a connected socket that sends without delay and is logged in.
        func connect() throws(LoadFailure) -> Int32 {
            let descriptor = try openSocket()
            do throws(LoadFailure) {
                if let password {
                    try expectOK(
                        RESPText.request(["AUTH".utf8.map { $0 }] + (user.map { [$0] } ?? []) + [password]), descriptor)
                }
                if database != 0 {
                    try expectOK(
                        RESPText.request(["SELECT".utf8.map { $0 }, "\(database)".utf8.map { $0 }]), descriptor)
                }
                return descriptor
            } catch {
                close(descriptor)
                throw error
            }
        }

        private func openSocket() throws(LoadFailure) -> Int32 {
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var found: UnsafeMutablePointer<addrinfo>?
            let status = getaddrinfo(host, "\(port)", &hints, &found)
            guard status == 0 else {
                throw LoadFailure(message: "\(self): \(String(cString: gai_strerror(status)))")
            }
            defer { freeaddrinfo(found) }
            var failure = LoadFailure(message: "\(self) has no address")
            for entry in sequence(first: found!, next: \.pointee.ai_next) {
                let address = entry.pointee
                let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
                guard descriptor >= 0 else { throw .system("socket") }
                var yes: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
                // Holds for connecting, too (Linux, socket(7), SO_SNDTIMEO).
                setPatience(descriptor, SO_SNDTIMEO, Self.patience)
                if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
                    setPatience(descriptor, SO_SNDTIMEO, 0)
                    return descriptor
                }
                let why =
                    errno == EINPROGRESS ? "no answer within \(Self.patience) s" : String(cString: strerror(errno))
                failure = LoadFailure(message: "cannot connect to \(self): \(why)")
                close(descriptor)
            }
            throw failure
        }

        private func expectOK(_ request: [UInt8], _ descriptor: Int32) throws(LoadFailure) {
            guard request.withUnsafeBytes({ LoopbackSocket.send($0, to: descriptor) }) else {
                throw LoadFailure(message: "\(self) closed the connection")
            }
            setPatience(descriptor, SO_RCVTIMEO, Self.patience)
            defer { setPatience(descriptor, SO_RCVTIMEO, 0) }
            var line: [UInt8] = []
            while line.last != UInt8(ascii: "\n") {
                var byte: UInt8 = 0
                guard line.count < 512, recv(descriptor, &byte, 1, 0) == 1 else {
                    throw LoadFailure(message: "\(self) did not answer to user and password")
                }
                line.append(byte)
            }
            guard line.starts(with: "+OK".utf8) else {
                let answer = String(decoding: line.dropLast(2), as: UTF8.self)
                throw LoadFailure(message: "\(self) refused user, password or database: \(answer)")
            }
        }

        private func setPatience(_ descriptor: Int32, _ option: Int32, _ seconds: Int) {
            var time = timeval(tv_sec: seconds, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }
#endif
