/* absent_import: this board compiles no documents (board.mk), it takes the catalogs that others have made of them. */
#include "catalog/taken.h"

int
import_document(struct import *im)
{
	im->out = STR_NONE;
	memset(&im->report, 0, sizeof im->report);
	im->report.arena = im->arena;
	if (taken_is(im))
		return taken_document(im);
	im->report.why = "this build for small boxes compiles no documents: `mcpgated import` on any other machine makes a "
	    "catalog of it, and that (.cat) takes the document's place here";
	return ERR_BAD;
}
