#if os(Linux)
    extension NodeLoad {
        /// The request's bytes.
        func request(_ choice: Choice, on connection: NodeConnection) -> [UInt8] {
            let request = NodeRequest(host: connection.host)
            let inCookie = plan.nodes[connection.node].usesCookies && random.next(below: 2) == 0
            switch choice {
            case .logIn(let device, let hasRightPassword):
                return request.logIn(name: device.user.name, password: password(isRight: hasRightPassword))
            case .check(let token, .me): return request.check(token.text, route: "/me", inCookie: inCookie)
            case .check(let token, .auth): return request.check(token.text, route: "/auth", inCookie: inCookie)
            case .check(let token, .introspection):
                return request.introspection(token.text, isRefresh: token.kind == .refresh, by: anyClient)
            case .check(_, .commandLine), .check(_, .library): preconditionFailure("no node is asked")
            case .refresh(_, let token): return request.refresh(token.text)
            case .revoke(let order): return self.request(order, request, inCookie: inCookie)
            case .logOutEverywhere(let everywhere):
                return request.logOutEverywhere(
                    everywhere.token.text,
                    keepingWith: everywhere.keepsCurrent ? password(isRight: everywhere.hasRightPassword) : nil)
            }
        }

        private func request(_ order: RevocationOrder, _ request: NodeRequest, inCookie: Bool) -> [UInt8] {
            switch order.means {
            case .logOut(let token):
                return request.logOut(token.text, isRefresh: token.kind == .refresh, inCookie: inCookie)
            case .oauth(let token):
                return request.oauthRevocation(token.text, by: clients[token.text.client] ?? anyClient)
            case .administrator:
                let (scope, identifier) = order.scope.name
                return request.administration(
                    scope, identifier, issuer: order.issuer.name, secret: plan.administrator ?? "")
            case .commandLine, .library: preconditionFailure("no node is asked")
            }
        }

        private func password(isRight: Bool) -> String { isRight ? plan.password : "not-\(plan.password)" }

        private var anyClient: ClientCredentials {
            clients.first?.value ?? ClientCredentials(identifier: "", secret: "")
        }

        /// Tells the oracle that it is sent now.
        func begin(_ choice: Choice, to node: Int, at now: Int64) -> NodeOperation {
            switch choice {
            case .logIn(let device, let hasRightPassword):
                device.changesUnderWay += 1
                return .logIn(device, hasRightPassword: hasRightPassword)
            case .check(let token, let route): return .check(token, route)
            case .refresh(let device, let token):
                device?.changesUnderWay += 1
                return .refresh(device, oracle.presented(token, to: node, at: now))
            case .revoke(let order):
                order.device?.changesUnderWay += 1
                return .revoke(order, oracle.revocationSent([order.target], to: node, at: now))
            case .logOutEverywhere(let request):
                request.device.changesUnderWay += 1
                // With a wrong password nothing may happen.
                var targets: [RevocationTarget] =
                    request.hasRightPassword ? [.cutOff(request.token.session.subject)] : []
                if !request.keepsCurrent { targets.append(.session(request.token.session)) }
                return .logOutEverywhere(request, oracle.revocationSent(targets, to: node, at: now))
            }
        }
    }

    extension RevocationOrder.Scope {
        /// As an administrator names it.
        fileprivate var name: (scope: String, identifier: String) {
            switch self {
            case .token, .all: preconditionFailure("no node has a route for that")
            case .session(_, let identifier): ("session", identifier)
            case .subject(_, let name): ("subject", name)
            case .client(_, let identifier): ("client", identifier)
            case .key(_, let identifier): ("key", identifier)
            }
        }
    }
#endif
