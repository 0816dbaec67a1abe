/* A Modbus server of libmodbus: a peer that shares no code with the driver or its library.
 *
 * usage: libmodbus_server tcp PORT | libmodbus_server rtu DEVICE UNIT
 * Input register n holds n + 1, discrete input n is n modulo 2; 500 of each kind.
 * Says "ready" when it listens and ends when its standard input is closed. */
#include <errno.h>
#include <modbus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT 500

static int asked_to_end(int descriptor)
{
    struct pollfd both[2] = {{.fd = 0, .events = POLLIN}, {.fd = descriptor, .events = POLLIN}};
    while (poll(both, 2, -1) < 0 && errno == EINTR)
        ;
    return both[0].revents != 0;
}

static int served(modbus_t *line, modbus_mapping_t *map)
{
    unsigned char request[MODBUS_MAX_ADU_LENGTH];
    while (!asked_to_end(modbus_get_socket(line))) {
        int length = modbus_receive(line, request);
        if (length < 0)
            return 0;
        if (length > 0)
            modbus_reply(line, request, length, map);
    }
    return 1;
}

int main(int count, char **words)
{
    modbus_mapping_t *map = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);
    modbus_t *line;
    int listening = -1, ended = 0, tcp = count > 2 && strcmp(words[1], "tcp") == 0;

    if (map == NULL || (!tcp && count < 4))
        return 2;
    for (int i = 0; i < COUNT; i++) {
        map->tab_input_registers[i] = i + 1;
        map->tab_input_bits[i] = i % 2;
    }
    if (tcp) {
        line = modbus_new_tcp("127.0.0.1", atoi(words[2]));
        listening = modbus_tcp_listen(line, 1);
    } else {
        line = modbus_new_rtu(words[2], 115200, 'N', 8, 1);
        modbus_set_slave(line, atoi(words[3]));
        listening = modbus_connect(line);
    }
    if (listening < 0) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    while (!ended) {
        if (tcp) {
            if (asked_to_end(listening))
                break;
            if (modbus_tcp_accept(line, &listening) < 0)
                return 1;
        }
        ended = served(line, map);
        if (tcp)
            modbus_close(line);
    }
    modbus_free(line);
    modbus_mapping_free(map);
    return 0;
}
