#if os(Linux)
    import Foundation

    /// Finds out whether a process of this machine is the one that listens on a port.
    ///
    /// A server that tells its process may run in a container, where the same number means another process.
    enum ListeningProcess {
        /// In `/proc/net/tcp` (Linux, include/net/tcp_states.h, TCP_LISTEN).
        private static let listening = "0A"

        static func listens(_ process: Int32, on port: Int) -> Bool {
            let sockets = sockets(listeningOn: port)
            let descriptors = "/proc/\(process)/fd"
            guard !sockets.isEmpty,
                let names = try? FileManager.default.contentsOfDirectory(atPath: descriptors)
            else { return false }
            return names.contains { name in
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(descriptors)/\(name)")
                else { return false }
                return sockets.contains(target)
            }
        }

        /// Their names as `/proc/<pid>/fd` has them, such as `socket:[1234]`.
        private static func sockets(listeningOn port: Int) -> Set<String> {
            var sockets: Set<String> = []
            for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
                let lines = (try? String(contentsOfFile: table, encoding: .utf8)) ?? ""
                for line in lines.split(separator: "\n").dropFirst() {
                    let fields = line.split(separator: " ")
                    guard fields.count > 9, fields[3] == listening,
                        let local = fields[1].split(separator: ":").last, Int(local, radix: 16) == port
                    else { continue }
                    sockets.insert("socket:[\(fields[9])]")
                }
            }
            return sockets
        }
    }
#endif
