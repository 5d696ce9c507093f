package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// taskRow is what tests read of a task.
type taskRow struct {
	Kind, Intent, Case string
	TypeName           string `json:"type_name"`
	HolderName         string `json:"holder_name"`
	Number             string
}

// task is the task about an act, as an account sees it; nil without one.
func (s *site) task(t testing.TB, as, intent string) *taskRow {
	t.Helper()
	var list struct{ Items []taskRow }
	s.do(t, request{method: "GET", path: "/api/v1/tasks", as: as}).want(t, http.StatusOK).decode(t, &list)
	for i := range list.Items {
		if list.Items[i].Intent == intent {
			return &list.Items[i]
		}
	}
	return nil
}

// TestTasksOfOthersActs: whoever is party to another's grant sees its acts that wait
// among the tasks, with type, case and holder: the county's counter those of the
// city under a window grant, first licenses too. Who sees no names gets none, and
// that names were read is written down.
func TestTasksOfOthersActs(t *testing.T) {
	s := openSite(t)
	body := s.document("xg-window-041", s.organization(t, "gz-education"), "gz-education-seal", nil)
	p, a := s.applyAs(t, "gz-education-acceptor", "/api/v1/licenses", body, nil)
	a.want(t, http.StatusAccepted)
	holder, file := body["holder"].(map[string]any)["name"].(string), body["case"].(string)
	reads := func() int {
		return s.count(t, `SELECT count(*) FROM audit WHERE operation = 'read tasks' AND account = 'xg-window-clerk'`)
	}
	before := reads()
	for _, login := range []string{"xg-window-clerk", "xg-center-clerk", "gz-education-acceptor"} {
		task := s.task(t, login, p.Intent)
		if task == nil || task.Kind != "approval" || task.TypeName == "" || task.HolderName != holder || task.Case != file {
			t.Errorf("%s: %+v", login, task)
		}
	}
	if now := reads(); now != before+1 {
		t.Errorf("%d readings of tasks are written down, want one more than %d", now, before)
	}
	for _, login := range []string{"yd-acceptor", "xg-printer"} {
		if task := s.task(t, login, p.Intent); task != nil {
			t.Errorf("%s: %+v", login, task)
		}
	}
	c := s.caller(t, "xg-window-clerk")
	page := s.do(t, request{method: "GET", path: "/console/tasks", header: map[string]string{"Cookie": "tongzheng=" + c.session, "Sec-Fetch-Site": "same-origin"}}).want(t, http.StatusOK)
	for _, want := range []string{p.Intent, holder, file} {
		if !strings.Contains(string(page.body), want) {
			t.Errorf("the page has no %s", want)
		}
	}

	// An act on paper is a witness's task, too, who sees no names.
	id := s.issued(t).Identifier
	spoil, a := s.apply(t, "/api/v1/licenses/"+id+"/acts", map[string]any{"act": "spoil", "grant": "xg-direct-001", "organization": s.account(t, "xg-system").Code, "ground": "misprint", "printing": 2}, nil)
	a.want(t, http.StatusAccepted)
	name := s.food(t)["holder"].(map[string]any)["name"].(string)
	for login, named := range map[string]bool{"xg-printer": true, "xg-witness-1": false} {
		task := s.task(t, login, spoil.Intent)
		if task == nil || (task.HolderName == name) != named || (task.Number != "") != named {
			t.Errorf("%s: %+v", login, task)
		}
	}
	s.do(t, request{method: "DELETE", path: "/api/v1/proceedings/" + p.Intent, as: "gz-education-acceptor"}).want(t, http.StatusNoContent)
}
