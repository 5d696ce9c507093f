package remote

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"tongzheng/registry"
	"tongzheng/registry/sm"
)

// Server answers for one signer.
type Server struct {
	Sealer   Sealer
	Attester Attester // nil: it says nothing of the ledger
	Page     Page     // nil: nobody signs here
	Desk     Desk
	Ledger   LedgerCopy // nil when the signer reads the ledger from its member's peer
	Log      *slog.Logger
}

// Handler serves the protocol.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	route(s, mux, pathSeal, s.Sealer.Seal)
	route(s, mux, pathRegister, s.Sealer.Register)
	route(s, mux, pathOrder, func(ctx context.Context, ask orderAsk) (*registry.Entry, error) {
		return s.Sealer.RegisterOrder(ctx, ask.Order, ask.Warrant)
	})
	route(s, mux, pathAuthorship, func(ctx context.Context, ask authorshipAsk) (registry.Authorship, error) {
		return s.Sealer.Authorship(ctx, ask.Organization, ask.Namespace, ask.Entries)
	})
	route(s, mux, pathActsFor, func(ctx context.Context, ask textMessage) (none, error) {
		return none{}, s.Sealer.ActsFor(ctx, ask.Text)
	})
	route(s, mux, pathTag, func(ctx context.Context, ask registry.TagRequest) (digestMessage, error) {
		tag, err := s.Sealer.Tag(ctx, ask)
		return digestMessage{tag}, err
	})
	route(s, mux, pathQR, func(ctx context.Context, ask registry.QRRequest) (textMessage, error) {
		text, err := s.Sealer.SignQR(ctx, ask)
		return textMessage{text}, err
	})
	route(s, mux, pathRender, s.Sealer.Render)
	route(s, mux, pathTimeStamp, func(ctx context.Context, ask digestMessage) (bytesMessage, error) {
		token, err := s.Sealer.TimeStamp(ctx, ask.Digest)
		return bytesMessage{token}, err
	})
	if s.Attester != nil {
		s.routeAttester(mux)
	}
	if s.Page != nil {
		route(s, mux, pathSignOpen, s.Page.Open)
		route(s, mux, pathSignResult, s.Page.Result)
	}
	s.routeDesk(mux)
	if s.Ledger != nil {
		route(s, mux, pathHeight, func(context.Context, none) (heightMessage, error) {
			height, err := s.Ledger.Height()
			return heightMessage{height}, err
		})
		route(s, mux, pathCommit, func(_ context.Context, c registry.Commit) (none, error) {
			return none{}, s.Ledger.Append(&c)
		})
	}
	return mux
}

func (s *Server) routeAttester(mux *http.ServeMux) {
	route(s, mux, pathTokens, func(ctx context.Context, ask registry.TokenRequest) (tokensMessage, error) {
		tokens, err := s.Attester.Tokens(ctx, ask)
		return tokensMessage{tokens}, err
	})
	route(s, mux, pathLists, s.Attester.Lists)
	route(s, mux, pathPublication, s.Attester.Publication)
	route(s, mux, pathStatement, s.Attester.State)
	route(s, mux, pathBundleStatus, func(ctx context.Context, ask bundleAsk) (*registry.BundleStatus, error) {
		return s.Attester.BundleStatus(ctx, ask.Identifier)
	})
	route(s, mux, pathBundleSeal, s.Attester.SealBundle)
}

// checkpoint signs what this process's own copy of the embedded ledger executed, and
// nothing else: on a network there are no checkpoints.
func (s *Server) checkpoint(ctx context.Context, message []byte) (sm.KeyID, []byte, error) {
	if len(message) > 0 {
		c, err := registry.ParseCheckpointMessage(message)
		if err != nil {
			return "", nil, err
		}
		if s.Ledger == nil {
			return "", nil, registry.Errorf(registry.CodeForbidden, "", "this signer vouches for no single-node ledger")
		}
		if err := s.Ledger.Vouches(c); err != nil {
			return "", nil, err
		}
	}
	return s.Desk.SignCheckpoint(ctx, message)
}

func (s *Server) routeDesk(mux *http.ServeMux) {
	route(s, mux, pathImportSeal, func(_ context.Context, ask bytesMessage) (textMessage, error) {
		id, err := s.Sealer.ImportedSeal(ask.Bytes)
		return textMessage{id}, err
	})
	route(s, mux, pathSealFile, func(_ context.Context, ask digestMessage) (bytesMessage, error) {
		der, err := s.Sealer.SealFile(ask.Digest)
		return bytesMessage{der}, err
	})
	route(s, mux, pathDescribe, func(ctx context.Context, _ none) (*Description, error) { return s.Desk.Describe(ctx) })
	route(s, mux, pathActKey, func(ctx context.Context, ask actKeyAsk) (registry.ActKey, error) {
		return s.Desk.ActKey(ctx, ask.Name, ask.Code)
	})
	route(s, mux, pathCheckpoint, func(ctx context.Context, ask bytesMessage) (statusAnswer, error) {
		key, signature, err := s.checkpoint(ctx, ask.Bytes)
		return statusAnswer{key, signature}, err
	})
	route(s, mux, pathMakeTagKey, func(ctx context.Context, _ none) (digestMessage, error) {
		digest, err := s.Desk.MakeTagKey(ctx)
		return digestMessage{digest}, err
	})
	route(s, mux, pathMakeSeal, func(ctx context.Context, spec SealRequest) (bytesMessage, error) {
		der, err := s.Desk.MakeSeal(ctx, spec)
		return bytesMessage{der}, err
	})
}

// route decodes, asks and answers; a refusal travels with its code.
func route[In, Out any](s *Server, mux *http.ServeMux, path string, ask func(context.Context, In) (Out, error)) {
	if !slices.Contains(Paths, path) {
		panic("a message that is not among Paths: " + path)
	}
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		raw, err := readMessage(r.Body)
		var in In
		if err == nil {
			err = registry.Decode(raw, &in)
		}
		var answer []byte
		if err == nil {
			var out Out
			// What was begun is finished and persisted although the caller has
			// gone: it will ask again and get the same bytes.
			if out, err = ask(context.WithoutCancel(r.Context()), in); err == nil {
				answer, err = registry.Encode(out)
			}
		}
		w.Header().Set("Content-Type", contentType)
		if err != nil {
			s.refuse(w, path, err)
			return
		}
		_, _ = w.Write(answer)
	})
}

func (s *Server) refuse(w http.ResponseWriter, path string, err error) {
	p := problem{Code: registry.CodeOf(err)}
	var coded *registry.Error
	if errors.As(err, &coded) && p.Code != registry.CodeInternal {
		p.Field, p.Detail = coded.Field, coded.Detail
	}
	s.Log.Warn("refused", "path", path, "error", err)
	raw, encodeErr := registry.Encode(&p)
	if encodeErr != nil {
		raw = nil
	}
	w.WriteHeader(p.Code.Kind().HTTPStatus())
	_, _ = w.Write(raw)
}

var _ Sealer = (*Client)(nil)
