#if os(Linux)
    import Glibc
    import Testing

    @testable import Lab

    @Suite("A link that fails")
    struct ChaosLinkTests {
        private let link: FaultyLink
        private let listener: Int32
        private let node: Int32
        private let store: Int32

        init() throws {
            let (listener, port) = try LoopbackSocket.listen()
            self.listener = listener
            link = try FaultyLink(to: port)
            node = try ServerAddress.loopback(port: link.port).connect()
            store = accept(listener, nil, nil)
            var patience = timeval(tv_sec: 5, tv_usec: 0)
            for socket in [node, store] {
                setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
        }

        private func end() {
            link.close()
            for descriptor in [node, store, listener] { close(descriptor) }
        }

        private func send(_ text: String, to descriptor: Int32) {
            #expect(Array(text.utf8).withUnsafeBytes { LoopbackSocket.send($0, to: descriptor) })
        }

        /// - Returns: nil at the end of the connection, or when it was reset.
        private func receive(_ descriptor: Int32) -> String? {
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
        }

        /// Whether nothing arrives for a tenth of a second.
        private func isSilent(_ descriptor: Int32) -> Bool {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&polled, 1, 100) == 0
        }

        @Test("Open, it passes on what either side sends, and its end")
        func open() {
            send("question", to: node)
            #expect(receive(store) == "question")
            send("answer", to: store)
            #expect(receive(node) == "answer")
            shutdown(store, Int32(SHUT_WR))
            #expect(receive(node) == nil)
            end()
        }

        @Test("Stalled in one direction, it holds back what was sent until it opens")
        func stalled() {
            link.set(.answersStalled)
            send("question", to: node)
            #expect(receive(store) == "question")
            send("answer", to: store)
            #expect(isSilent(node))
            link.set(.requestsStalled)
            #expect(receive(node) == "answer")
            send("again", to: node)
            #expect(isSilent(store))
            link.set(.open)
            #expect(receive(store) == "again")
            end()
        }

        @Test("Redirected, what was written on ends, and new connections reach another store until that is over")
        func redirected() throws {
            let (other, port) = try LoopbackSocket.listen()
            let writer = try ServerAddress.loopback(port: link.port).connect()
            let written = accept(listener, nil, nil)
            send("*4\r\n$5\r\nSETEX\r\n", to: writer)
            #expect(receive(written) == "*4\r\n$5\r\nSETEX\r\n")
            link.redirect(.writes, to: port)
            #expect(receive(writer) == nil)
            // The connection of the checks goes on.
            send("question", to: node)
            #expect(receive(store) == "question")
            let moved = try ServerAddress.loopback(port: link.port).connect()
            let astray = accept(other, nil, nil)
            send("elsewhere", to: moved)
            #expect(receive(astray) == "elsewhere")
            link.endRedirection()
            #expect(receive(moved) == nil)
            send("still there", to: node)
            #expect(receive(store) == "still there")
            for descriptor in [writer, written, moved, astray, other] { close(descriptor) }
            end()
        }

        @Test("Cut, connections end; refusing, new ones do too")
        func cut() throws {
            link.cut(.halfClosedToStore)
            #expect(receive(store) == nil)
            send("still open", to: store)
            #expect(receive(node) == "still open")
            link.set(.refusing)
            #expect(receive(node) == nil)
            let late = try ServerAddress.loopback(port: link.port).connect()
            #expect(receive(late) == nil)
            close(late)
            end()
        }
    }
#endif
